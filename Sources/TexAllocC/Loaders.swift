public import CTexAlloc
internal import Synchronization
internal import TexAlloc
internal import TexAllocAssets
internal import TexAllocEGL
internal import TexAllocJPEG
internal import TexAllocPNG

extension texalloc_loader_options: SizedStruct {}
extension texalloc_request: SizedStruct {}
extension texalloc_poll: SizedStruct {}
extension texalloc_loader_info: SizedStruct {}

@c @implementation
public func texalloc_loader_create(
  _ device: OpaquePointer?, _ pool: OpaquePointer?,
  _ options: UnsafePointer<texalloc_loader_options>?,
  _ loader: UnsafeMutablePointer<OpaquePointer?>?
) -> texalloc_status {
  answer {
    let (room, options) = unsafe (try room(loader, for: "loader"), try passed(options))
    let pool = try Handles.pools.find(pool).pool
    var limits = AssetLimits()
    if unsafe options.encoded_bytes > 0 {
      limits.encodedBytes = Int(clamping: unsafe options.encoded_bytes)
    }
    if unsafe options.decoded_bytes > 0 {
      limits.decodedBytes = Int(clamping: unsafe options.decoded_bytes)
    }
    if unsafe options.file_bytes > 0 { limits.fileBytes = Int(clamping: unsafe options.file_bytes) }
    let workers =
      unsafe options.threads == 0
      ? nil : try WorkerThreads(Int(min(unsafe options.threads, 1024)), named: "texalloc-decode")
    let loader: HeldLoader
    if let vulkan = unsafe options.vulkan {
      guard unsafe device == nil else { throw Misuse.argument("a device and one of Vulkan") }
      let assets = try Assets(
        device: Handles.vulkans.find(vulkan).gpu, pool: pool,
        decoders: [JPEGDecoder.component, PNGDecoder.component], limits: limits, on: workers)
      loader = HeldLoader(assets, for: nil)
    } else {
      let device = try Handles.devices.find(device)
      let assets = try Assets(gpu: device.gpu, pool: pool, limits: limits, on: workers)
      loader = HeldLoader(assets, for: device)
    }
    unsafe room.pointee = try Handles.loaders.insert(loader)
  }
}

@c @implementation
public func texalloc_loader_submit(
  _ loader: OpaquePointer?, _ request: UnsafePointer<texalloc_request>?,
  _ load: UnsafeMutablePointer<OpaquePointer?>?
) -> texalloc_status {
  answer {
    let loader = try Handles.loaders.find(loader)
    guard let request = unsafe request else { throw Misuse.argument("request is NULL") }
    let options = try unsafe passed(request)
    let listener = unsafe LoadListener(function: options.ended, user: options.user)
    let wanted = try unsafe AssetRequest(options)
    guard let room = unsafe load else {
      _ = try loader.submit(wanted, listener)
      return
    }
    // Before it can end: the caller may look for it when it is told.
    let (before, held) = unsafe (room.pointee, HeldLoad())
    let handle = try Handles.loads.insert(held)
    unsafe room.pointee = handle
    do throws(Misuse) {
      try held.begin { () throws(Misuse) in try loader.submit(wanted, listener) }
    } catch {
      unsafe room.pointee = before
      try? Handles.loads.release(handle)
      throw error
    }
  }
}

extension AssetRequest {
  fileprivate init(_ request: texalloc_request) throws {
    let priority = unsafe AssetPriority(rawValue: request.priority)
    if unsafe request.path != nil {
      self.init(try unsafe TexAllocC.path(request.path), priority)
    } else {
      guard unsafe request.bytes != nil else { throw Misuse.argument("path and bytes are NULL") }
      self.init(
        try unsafe ImageSource(copying: request.bytes, request.size, named: request.name), priority)
    }
    decoding = try unsafe DecodingOptions(passed(request.options))
    let formats = try unsafe array(request.formats, request.format_count, "formats")
    if !formats.isEmpty { self.formats = formats.map { Fourcc(rawValue: $0) } }
    isMipmapped = unsafe request.is_mipmapped
    retriesFailure = unsafe request.retries_failure
  }
}

/// Who is told of the end of a request; what the function is given is the caller's to share among threads.
@safe struct LoadListener: @unchecked Sendable {
  let function:
    (@convention(c) (UnsafeMutableRawPointer?, UnsafePointer<texalloc_loaded>?) -> Void)?
  let user: UnsafeMutableRawPointer?

  func tell<Handle: TextureOfC>(_ result: Result<LoadedTexture<Handle>, AssetError>) {
    var loaded = unsafe texalloc_loaded()
    unsafe loaded.struct_size = UInt32(MemoryLayout<texalloc_loaded>.size)
    let outcome = result.mapError { $0 as any Error }.flatMap { picture in
      Result {
        if unsafe function != nil { unsafe try picture.texture.hand(over: &loaded) }
        return picture
      }
    }
    let (name, message): (String, String)
    switch outcome {
    case .success(let picture):
      name = picture.header.name
      message = picture.report.warnings.joined(separator: "\n")
      unsafe loaded.orientation = texalloc_orientation(picture.header.orientation)
      if !message.isEmpty { Log.write(TEXALLOC_LOG_WARNING, "\(name): \(message)") }
    case .failure(let error):
      name = (error as? AssetError)?.name ?? ""
      message = "\(error)"
      unsafe loaded.status = status(of: error)
      Log.write(TEXALLOC_LOG_ERROR, message)
    }
    unsafe name.withCString { name in
      unsafe message.withCString { message in
        unsafe loaded.name = name
        unsafe loaded.message = message
        unsafe function?(user, &loaded)
      }
    }
  }
}

@c @implementation
public func texalloc_loader_poll(
  _ loader: OpaquePointer?, _ budget: UInt64, _ poll: UnsafeMutablePointer<texalloc_poll>?
) -> texalloc_status {
  answer {
    let loader = try Handles.loaders.find(loader)
    let isWanted = unsafe poll != nil
    if isWanted { unsafe try requireRoom(in: poll) }
    let outcome = try loader.assets.poll(budget: .nanoseconds(Int64(clamping: budget)))
    loader.device.withLock { $0 }?.tell(namesGone: outcome.namesGone)
    guard isWanted else { return }
    unsafe try pass(
      texalloc_poll(
        struct_size: 0, ended: UInt32(clamping: outcome.ended),
        is_more_to_do: outcome.isMoreToDo), to: poll)
  }
}

@c @implementation
public func texalloc_loader_get_wake_up(
  _ loader: OpaquePointer?, _ descriptor: UnsafeMutablePointer<CInt>?
) -> texalloc_status {
  answer {
    let room = try unsafe room(descriptor, for: "descriptor")
    unsafe room.pointee = try Handles.loaders.find(loader).assets.wakeUp.rawValue
  }
}

@c @implementation
public func texalloc_loader_get_info(
  _ loader: OpaquePointer?, _ info: UnsafeMutablePointer<texalloc_loader_info>?
) -> texalloc_status {
  answer {
    let statistics = try Handles.loaders.find(loader).assets.statistics
    var result = texalloc_loader_info()
    result.queued = UInt32(clamping: statistics.queued)
    result.reading = UInt32(clamping: statistics.reading)
    result.read = UInt32(clamping: statistics.read)
    result.decoding = UInt32(clamping: statistics.decoding)
    result.decoded = UInt32(clamping: statistics.decoded)
    result.loaded = UInt64(statistics.loaded)
    result.failed = UInt64(statistics.failed)
    result.cancelled = UInt64(statistics.cancelled)
    result.bytes_read = UInt64(statistics.bytesRead)
    result.bytes_decoded = UInt64(statistics.bytesDecoded)
    result.is_short_of_memory = statistics.isShortOfMemory
    unsafe try pass(result, to: info)
  }
}

@c @implementation
public func texalloc_loader_go_on(
  _ loader: OpaquePointer?, _ device: OpaquePointer?, _ pool: OpaquePointer?
) -> texalloc_status {
  answer {
    let loader = try Handles.loaders.find(loader)
    let (device, pool) = (try Handles.devices.find(device), try Handles.pools.find(pool).pool)
    try loader.goOn(with: device, pool)
  }
}

@c @implementation
public func texalloc_loader_release(_ loader: OpaquePointer?) -> texalloc_status {
  answer { try Handles.loaders.release(loader) { $0.close() } }
}

@c @implementation
public func texalloc_load_set_priority(
  _ load: OpaquePointer?, _ priority: Int32
) -> texalloc_status {
  answer {
    let load = try Handles.loads.find(load).load
    load.priority = AssetPriority(rawValue: priority)
  }
}

@c @implementation
public func texalloc_load_get_progress(
  _ load: OpaquePointer?, _ done: UnsafeMutablePointer<Double>?,
  _ hasEnded: UnsafeMutablePointer<Bool>?
) -> texalloc_status {
  answer {
    let load = try Handles.loads.find(load).load
    unsafe done?.pointee = load.progress
    unsafe hasEnded?.pointee = load.state == .ended
  }
}

@c @implementation
public func texalloc_load_cancel(_ load: OpaquePointer?) -> texalloc_status {
  answer { try Handles.loads.find(load).load.cancel() }
}

@c @implementation
public func texalloc_load_release(_ load: OpaquePointer?) -> texalloc_status {
  answer { try Handles.loads.release(load) }
}

public import CTexAlloc
internal import Synchronization
internal import TexAlloc
internal import TexAllocEGL

/// A device with what its owner wants to be told.
@safe final class HeldDevice: @unchecked Sendable {
  // Immutable; what the listener is given is the caller's to share among threads.

  let gpu: EGLDevice
  private let listener: texalloc_egl_options
  private let vendor, renderer, version, driver: CText
  private let obstacle: CText?

  init(_ gpu: EGLDevice, _ options: texalloc_egl_options) {
    self.gpu = gpu
    unsafe listener = options
    let description = gpu.description
    vendor = CText(description.vendor)
    renderer = CText(description.renderer)
    version = CText(description.version)
    driver = CText(description.driver)
    obstacle = gpu.importObstacle.map { CText($0) }
    Log.write(
      TEXALLOC_LOG_INFO, "\(description.renderer), \(description.version): \(description.reason)")
    if let reason = gpu.importObstacle {
      Log.write(TEXALLOC_LOG_WARNING, "\(gpu.name) imports no memory: \(reason)")
    }
    guard unsafe options.pending_errors != nil else { return }
    gpu.onPendingErrors = { [weak self] errors in
      guard let self else { return }
      if let postponed = Self.postponed {
        postponed.errors.withLock { $0.append((self, errors)) }
      } else {
        tell(pendingErrors: errors)
      }
    }
  }

  private func tell(pendingErrors errors: [UInt32]) {
    unsafe errors.withUnsafeBufferPointer {
      unsafe listener.pending_errors?(listener.user, $0.baseAddress, $0.count)
    }
  }

  private final class PostponedErrors: Sendable {
    let errors = Mutex<[(device: HeldDevice, errors: [UInt32])]>([])
  }
  @TaskLocal private static var postponed: PostponedErrors?

  /// Does what holds a lock; the application, which may call anything, is told of OpenGL's errors when it is
  /// let go of.
  static func tellingErrorsAfterwards<Result>(_ body: () throws -> Result) rethrows -> Result {
    let postponed = PostponedErrors()
    defer {
      for (device, errors) in postponed.errors.withLock({ $0 }) {
        device.tell(pendingErrors: errors)
      }
    }
    return try $postponed.withValue(postponed, operation: body)
  }

  func tell(namesGone names: [UInt32]) {
    if names.isEmpty { return }
    unsafe names.withUnsafeBufferPointer {
      unsafe listener.names_gone?(listener.user, $0.baseAddress, $0.count)
    }
  }

  /// Its texts last as long as this.
  var info: texalloc_device_info {
    var info = unsafe texalloc_device_info()
    let statistics = gpu.statistics
    unsafe info.is_software = gpu.description.isSoftware
    unsafe info.is_lost = gpu.isLost
    unsafe info.vendor = vendor.pointer
    unsafe info.renderer = renderer.pointer
    unsafe info.version = version.pointer
    unsafe info.driver = driver.pointer
    unsafe info.import_obstacle = obstacle?.pointer
    unsafe info.max_texture_size = UInt32(clamping: gpu.description.maxTextureSize)
    unsafe info.live_images = UInt32(clamping: statistics.liveImages)
    unsafe info.kept_images = UInt32(clamping: statistics.keptImages)
    unsafe info.imported = UInt64(statistics.imported)
    unsafe info.transferred = UInt64(statistics.transferred)
    unsafe info.uploaded = UInt64(statistics.uploaded)
    unsafe info.bytes_transferred = UInt64(statistics.bytesCopied(.transferred))
    unsafe info.bytes_uploaded = UInt64(statistics.bytesCopied(.uploaded))
    return unsafe info
  }
}

extension texalloc_egl_options: SizedStruct {}
extension texalloc_device_info: SizedStruct {}

@c @implementation
public func texalloc_egl_current(
  _ options: UnsafePointer<texalloc_egl_options>?, _ device: UnsafeMutablePointer<OpaquePointer?>?
) -> texalloc_status {
  answer {
    let (room, options) = unsafe (try room(device, for: "device"), try passed(options))
    let gpu = try EGLDevice.current(route: unsafe Route?(options.route))
    unsafe room.pointee = try Handles.devices.insert(HeldDevice(gpu, options))
  }
}

@c @implementation
public func texalloc_egl_surfaceless(
  _ options: UnsafePointer<texalloc_egl_options>?, _ device: UnsafeMutablePointer<OpaquePointer?>?
) -> texalloc_status {
  answer {
    let (room, options) = unsafe (try room(device, for: "device"), try passed(options))
    let name = try unsafe options.device.map { try unsafe text($0, "device") }
    let gpu = try EGLDevice.surfaceless(
      name.map { DeviceChoice($0) } ?? .automatic, route: unsafe Route?(options.route))
    unsafe room.pointee = try Handles.devices.insert(HeldDevice(gpu, options))
  }
}

@c @implementation
public func texalloc_device_get_info(
  _ device: OpaquePointer?, _ info: UnsafeMutablePointer<texalloc_device_info>?
) -> texalloc_status {
  answer { unsafe try pass(Handles.devices.find(device).info, to: info) }
}

@c @implementation
public func texalloc_device_make_current(_ device: OpaquePointer?) -> texalloc_status {
  answer { try Handles.devices.find(device).gpu.makeCurrent() }
}

@c @implementation
public func texalloc_device_collect(_ device: OpaquePointer?) -> texalloc_status {
  answer {
    let device = try Handles.devices.find(device)
    device.tell(namesGone: try device.gpu.collect())
  }
}

@c @implementation
public func texalloc_device_trim(_ device: OpaquePointer?) -> texalloc_status {
  answer { try Handles.devices.find(device).gpu.trim() }
}

@c @implementation
public func texalloc_device_join(_ device: OpaquePointer?) -> texalloc_status {
  answer { try Handles.devices.find(device).gpu.join() }
}

@c @implementation
public func texalloc_device_leave(_ device: OpaquePointer?) -> texalloc_status {
  answer { try Handles.devices.find(device).gpu.leave() }
}

@c @implementation
public func texalloc_device_lost(_ device: OpaquePointer?) -> texalloc_status {
  answer { try Handles.devices.find(device).gpu.contextWasLost() }
}

@c @implementation
public func texalloc_device_close(_ device: OpaquePointer?) -> texalloc_status {
  answer {
    if unsafe device == nil { return }
    try Handles.devices.find(device).gpu.close()
    try Handles.devices.release(device)
  }
}

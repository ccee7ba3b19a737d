public import CTexAlloc
internal import Synchronization
internal import TexAlloc
internal import TexAllocJPEG
internal import TexAllocPNG

/// A picture with what its owner is to be told of each decode.
@safe final class HeldPicture: @unchecked Sendable {
  // Immutable but for `warnings`; what the listener is given is the caller's to share among threads.

  let image: any EncodedImage
  private let formats: [UInt32]
  private let listener: texalloc_picture_options
  /// Of the last decode.
  private let warnings = Mutex<CText?>(nil)
  /// Lend out what `formats` and the header have, which never changes.
  private let formatRoom: UnsafeMutableBufferPointer<UInt32>
  private let profileRoom: UnsafeMutableBufferPointer<UInt8>?

  init(_ image: any EncodedImage, _ options: texalloc_picture_options) {
    self.image = image
    formats = image.header.formats.map(\.rawValue)
    unsafe listener = options
    unsafe formatRoom = .copy(of: formats)
    unsafe profileRoom = image.header.profile.map { unsafe .copy(of: $0) }
  }

  deinit {
    unsafe formatRoom.deallocate()
    unsafe profileRoom?.deallocate()
  }

  func decode(into buffer: TextureBuffer) throws(ImageDecodingError) -> texalloc_decode_report {
    let report = try image.decode(into: buffer, on: CallingThread()) { [self] done in
      unsafe listener.goes_on?(listener.user, done) ?? true
    }
    for warning in report.warnings {
      Log.write(TEXALLOC_LOG_WARNING, "\(image.header.name): \(warning)")
    }
    let text = CText(report.warnings.joined(separator: "\n"))
    warnings.withLock { $0 = text }
    return unsafe texalloc_decode_report(
      struct_size: 0, good_rows: UInt32(clamping: report.goodRows.upperBound),
      warnings: text.pointer)
  }

  /// What it points to lasts as long as this.
  var info: texalloc_picture_info {
    let header = image.header
    var info = unsafe texalloc_picture_info()
    unsafe info.width = UInt32(clamping: header.descriptor.width)
    unsafe info.height = UInt32(clamping: header.descriptor.height)
    unsafe info.whole_width = UInt32(clamping: header.wholeSize.width)
    unsafe info.whole_height = UInt32(clamping: header.wholeSize.height)
    unsafe info.orientation = texalloc_orientation(header.orientation)
    unsafe info.alpha = texalloc_alpha(header.descriptor.alpha)
    unsafe info.formats = UnsafePointer(formatRoom.baseAddress)
    unsafe info.format_count = UInt32(formatRoom.count)
    unsafe info.profile = UnsafeRawPointer(profileRoom?.baseAddress)
    unsafe info.profile_size = profileRoom?.count ?? 0
    return unsafe info
  }
}

extension UnsafeMutableBufferPointer where Element: BitwiseCopyable {
  fileprivate static func copy(of elements: [Element]) -> UnsafeMutableBufferPointer {
    let room = UnsafeMutableBufferPointer.allocate(capacity: elements.count)
    _ = unsafe room.initialize(fromContentsOf: elements)
    return unsafe room
  }
}

extension texalloc_picture_options: SizedStruct {}
extension texalloc_picture_info: SizedStruct {}
extension texalloc_decode_report: SizedStruct {}

/// Opens what one of the decoders recognises, within the limits of the caller.
private func open(
  _ source: ImageSource, _ options: texalloc_picture_options
) throws -> HeldPicture {
  let decoders = unsafe decoders(within: options)
  var start = [UInt8](repeating: 0, count: decoders.map(\.signatureSize).max() ?? 0)
  var room = start.mutableSpan
  let count = try source.read(into: &room, at: 0)
  let decoder =
    decoders.first { $0.recognizes(start.span.extracting(first: min(count, $0.signatureSize))) }
    ?? decoders[0]  // which says what it is instead
  return try unsafe HeldPicture(decoder.open(source, DecodingOptions(options)), options)
}

private func decoders(within options: texalloc_picture_options) -> [any ImageDecoder] {
  let (pixels, bytes, time) = unsafe (options.pixels, options.working_bytes, options.time)
  if pixels == 0 && bytes == 0 && time == 0 {
    return [JPEGDecoder.component, PNGDecoder.component]
  }
  var (jpeg, png) = (JPEGLimits(), PNGLimits())
  if pixels > 0 { (jpeg.pixels, png.pixels) = (Int(clamping: pixels), Int(clamping: pixels)) }
  if bytes > 0 {
    (jpeg.coefficients, png.interlacedBytes) = (Int(clamping: bytes), Int(clamping: bytes))
  }
  if time > 0 { jpeg.time = .nanoseconds(Int64(clamping: time)) }
  return [JPEGDecoder(limits: jpeg), PNGDecoder(limits: png)]
}

@c @implementation
public func texalloc_picture_open(
  _ path: UnsafePointer<CChar>?, _ options: UnsafePointer<texalloc_picture_options>?,
  _ picture: UnsafeMutablePointer<OpaquePointer?>?
) -> texalloc_status {
  answer {
    let room = try unsafe room(picture, for: "picture")
    let source = try ImageSource(unsafe TexAllocC.path(path))
    unsafe room.pointee = try Handles.pictures.insert(open(source, passed(options)))
  }
}

@c @implementation
public func texalloc_picture_open_bytes(
  _ bytes: UnsafeRawPointer?, _ size: Int, _ name: UnsafePointer<CChar>?,
  _ options: UnsafePointer<texalloc_picture_options>?,
  _ picture: UnsafeMutablePointer<OpaquePointer?>?
) -> texalloc_status {
  answer {
    let room = try unsafe room(picture, for: "picture")
    let source = try unsafe ImageSource(copying: bytes, size, named: name)
    unsafe room.pointee = try Handles.pictures.insert(open(source, passed(options)))
  }
}

@c @implementation
public func texalloc_picture_open_descriptor(
  _ descriptor: CInt, _ name: UnsafePointer<CChar>?,
  _ options: UnsafePointer<texalloc_picture_options>?,
  _ picture: UnsafeMutablePointer<OpaquePointer?>?
) -> texalloc_status {
  answer {
    let room = try unsafe room(picture, for: "picture")
    let name = try unsafe name.map { try unsafe text($0, "name") } ?? "file"
    let file = try OwnedDescriptor(
      duplicating: FileDescriptor(rawValue: descriptor), named: name)
    let source = try ImageSource(file, named: name)
    unsafe room.pointee = try Handles.pictures.insert(open(source, passed(options)))
  }
}

extension ImageSource {
  /// A copy of bytes of the caller, who calls them something, or does not.
  init(
    copying bytes: UnsafeRawPointer?, _ size: Int, named name: UnsafePointer<CChar>?
  ) throws(Misuse) {
    guard let bytes = unsafe bytes, size >= 0 else { throw .argument("bytes is NULL") }
    self.init(
      unsafe [UInt8](UnsafeRawBufferPointer(start: bytes, count: size)),
      named: try unsafe name == nil ? "bytes" : text(name, "name"))
  }
}

@c @implementation
public func texalloc_picture_get_info(
  _ picture: OpaquePointer?, _ info: UnsafeMutablePointer<texalloc_picture_info>?
) -> texalloc_status {
  answer { unsafe try pass(Handles.pictures.find(picture).info, to: info) }
}

@c @implementation
public func texalloc_picture_allocate(
  _ picture: OpaquePointer?, _ pool: OpaquePointer?, _ flags: UInt32,
  _ buffer: UnsafeMutablePointer<OpaquePointer?>?
) -> texalloc_status {
  answer { unsafe try allocate(picture, nil, pool, flags, buffer) }
}

@c @implementation
public func texalloc_picture_allocate_as(
  _ picture: OpaquePointer?, _ formats: UnsafePointer<UInt32>?, _ formatCount: UInt32,
  _ pool: OpaquePointer?, _ flags: UInt32, _ buffer: UnsafeMutablePointer<OpaquePointer?>?
) -> texalloc_status {
  answer {
    let formats = try unsafe array(formats, formatCount, "formats").map { Fourcc(rawValue: $0) }
    unsafe try allocate(picture, formats, pool, flags, buffer)
  }
}

private func allocate(
  _ picture: OpaquePointer?, _ formats: [Fourcc]?, _ pool: OpaquePointer?, _ flags: UInt32,
  _ buffer: UnsafeMutablePointer<OpaquePointer?>?
) throws {
  let room = try unsafe room(buffer, for: "buffer")
  let header = try Handles.pictures.find(picture).image.header
  let buffer = try Handles.pools.find(pool).pool.allocate(
    formats.map(header.descriptor) ?? header.descriptor, for: AllocationFlags(checking: flags),
    named: header.name)
  unsafe room.pointee = try Handles.buffers.insert(HeldBuffer(buffer))
}

@c @implementation
public func texalloc_picture_decode(
  _ picture: OpaquePointer?, _ buffer: OpaquePointer?,
  _ report: UnsafeMutablePointer<texalloc_decode_report>?
) -> texalloc_status {
  answer {
    let picture = try Handles.pictures.find(picture)
    let buffer = try Handles.buffer(buffer)
    let isWanted = unsafe report != nil
    if isWanted { unsafe try requireRoom(in: report) }
    let outcome = unsafe try picture.decode(into: buffer)
    if isWanted { unsafe try pass(outcome, to: report) }
  }
}

@c @implementation
public func texalloc_picture_release(_ picture: OpaquePointer?) -> texalloc_status {
  answer { try Handles.pictures.release(picture) }
}

internal import CV4L2
internal import Glibc
public import TexAlloc

/// A decoder of [Video4Linux]: a component that reads coded bytes, and writes pictures into memory which the
/// application has allocated for all who use them. Any of its formats will do: JPEG, H.264, ….
///
/// ```swift
/// let decoder = try VideoDecoder(at: "/dev/video1")
/// let frames = try decoder.start(.h264, for: [gpu])
/// loop: while let step = try frames.next() {
///   switch step {
///   case .frame(let frame): draw(try gpu.texture(for: frame.buffer), frame.region)
///   case .wantsBytes:
///     if let unit = try file.read() { try frames.feed(unit.span) } else { frames.finish() }
///   case .end: break loop
///   }
///   try gpu.collect()
/// }
/// ```
///
/// It is told of a stream by its bytes alone, so that its attributes are those of all streams: the formats, and
/// how large pictures may be. Each stream has memory by attributes of its own, and other memory where its
/// pictures change. Decoders that have to be told picture by picture what is in the bytes, which the kernel
/// calls stateless, are not supported.
///
/// It was tried with the kernel's virtual codec, in both of Video4Linux' APIs: no decoder of real hardware, and
/// none of JPEG or H.264, was ever at hand.
///
/// [Video4Linux]: https://docs.kernel.org/userspace-api/media/v4l/dev-decoder.html
public final class VideoDecoder: Component {
  public let attributes: BufferAttributes
  /// The node, `/dev/video0`, the driver, and what that calls the device.
  public var node: FilePath { device.path }
  public var driver: String { device.driver }
  public var card: String { device.card }
  /// What it decodes.
  public let coded: [CodedFormat]
  /// What it may decode to, in its order; a stream leaves a choice of some of them.
  public let formats: [Fourcc]
  private let device: VideoNode
  private let heaps: [any Heap]

  /// The decoders of this machine, or why a node is none.
  ///
  /// - Parameter heaps: As of ``init(at:from:)``.
  public static func found(from heaps: [any Heap]? = nil) -> [VideoFinding<VideoDecoder>] {
    VideoFinding.all { node throws(VideoError) in try VideoDecoder(at: node, from: heaps) }
  }

  /// Opens a decoder, of which several streams may be decoded at a time.
  ///
  /// - Parameter heaps: Where pictures may have their memory; the machine's, which are looked for then, where
  ///   nil.
  /// - Throws: `VideoError`: `unsupported` where the node is no decoder, or a stateless one; `format` where it
  ///   decodes to nothing that the library knows.
  public init(
    at node: FilePath, from heaps: [any Heap]? = nil
  ) throws(VideoError) {
    let device = try VideoNode(node)
    func unsupported(_ feature: String) -> VideoError {
      .unsupported(device: node.string, feature: feature)
    }
    guard device.has(V4L2_CAP_VIDEO_M2M) || device.has(V4L2_CAP_VIDEO_M2M_MPLANE) else {
      throw unsupported("decoding, by \(device.driver)")
    }
    let codes = FormatEntry.codes(of: device, .output)
    let all = codes.map(CodedFormat.init)
    coded = all.filter(\.isKnown)
    formats = VideoFormat.all(of: device)
    if coded.isEmpty {
      if let stateless = all.first(where: \.isStateless) {
        throw unsupported("the stateless API, of \(device.driver), for \(stateless)")
      }
      throw unsupported("decoding: \(device.driver) takes no coded pictures that are known")
    }
    guard !formats.isEmpty else { throw .format(device: node.string, wanted: [], held: []) }
    self.device = device
    let heaps = VideoNode.heaps(of: heaps)
    self.heaps = heaps
    let (formats, sizes) = (formats, Self.sizes(of: device, coded))
    attributes = BufferAttributes(name: device.name) {
      $0.formats = formats.map { Format($0) }
      if let (least, most) = sizes {
        ($0.minWidth, $0.maxWidth) = (least.width, most.width)
        ($0.minHeight, $0.maxHeight) = (least.height, most.height)
      }
      $0.deviceUsage = [.decode]
      $0.heaps = heaps.isEmpty ? nil : heaps.map(\.name)
      $0.minBuffers = device.leastBuffers
    }
  }

  /// The least and the most pixels of what it decodes, across and down; nil where the driver does not say.
  private static func sizes(
    of device: VideoNode, _ coded: [CodedFormat]
  ) -> (least: ImageSize, most: ImageSize)? {
    let ranges = coded.compactMap { coded -> (ImageSize, ImageSize)? in
      var entry = v4l2_frmsizeenum()
      entry.pixel_format = coded.rawValue
      let isKnown =
        (try? device.call(
          "VIDIOC_ENUM_FRAMESIZES", texalloc_enum_framesizes, &entry)) != nil
      guard isKnown, entry.type != V4L2_FRMSIZE_TYPE_DISCRETE.rawValue else { return nil }
      let range = entry.stepwise
      return (
        ImageSize(width: Int(range.min_width), height: Int(range.min_height)),
        ImageSize(width: Int(range.max_width), height: Int(range.max_height))
      )
    }
    guard var all = ranges.first, ranges.count == coded.count else { return nil }
    for (least, most) in ranges.dropFirst() {
      all.0.width = min(all.0.width, least.width)
      all.0.height = min(all.0.height, least.height)
      all.1.width = max(all.1.width, most.width)
      all.1.height = max(all.1.height, most.height)
    }
    return all
  }

  /// Begins to decode a stream, into memory that suits all who use its pictures.
  ///
  /// The memory is allocated when the decoder has found out what the pictures are like, and anew where that
  /// changes. Where the decoder takes no memory of the machine's heaps, its own is exported, and
  /// ``DecodedFrames/reason`` says why.
  ///
  /// - Parameters:
  ///   - format: Of the bytes.
  ///   - components: All who use the pictures: the GPU that samples them, a display that shows them.
  ///   - flags: What for.
  ///   - size: Of the pictures as far as it is known: drivers take memory for the coded bytes by it.
  ///   - chunkSize: The most bytes that are to be fed at a time; the driver may have less room, or more.
  ///   - buffers: How many pictures there can be at a time, with the driver and with those who use them.
  /// - Throws: `VideoError`: `coded` where it does not decode them.
  public func start(
    _ format: CodedFormat, for components: [any Component], _ flags: AllocationFlags = .texture,
    size: ImageSize? = nil, chunkSize: Int = 1 << 20, buffers: Int = 4
  ) throws(VideoError) -> DecodedFrames {
    guard coded.contains(format) else {
      throw .coded(device: node.string, wanted: format, held: coded)
    }
    // Each opening is a stream of its own.
    let device = try VideoNode(node)
    let queue = try CodedQueue(of: device, format, size, chunkSize)
    let pictures = DecodedPictures(
      of: device, for: components, flags, buffers: buffers, from: heaps)
    return try DecodedFrames(of: self, device, queue, pictures)
  }

  /// What the first picture in coded bytes is like. No picture is decoded.
  func kind(of bytes: [UInt8], _ format: CodedFormat) throws(VideoError) -> FrameKind {
    let device = try VideoNode(node)
    let wakeUp: EventDescriptor
    do { wakeUp = try EventDescriptor(named: name) } catch { throw .failed(error) }
    var queue = try CodedQueue(of: device, format, nil, bytes.count)
    defer { queue.close() }
    var rest = bytes[...]
    let deadline = ContinuousClock.now + Self.longestStill
    while ContinuousClock.now < deadline {
      // A driver tells before it gives the bytes back of which it knows.
      try queue.collect()
      if queue.takeChange() {
        return try DecodedPictures(of: device, for: [], [], buffers: 1, from: heaps).kind()
      }
      if !rest.isEmpty, queue.hasRoom {
        let part = rest.prefix(queue.limit)
        rest = rest.dropFirst(part.count)
        _ = try queue.feed(part.span, .zero)
      } else if rest.isEmpty, queue.isEmpty {
        break
      } else {
        FrameRing.wait(
          for: POLLPRI | POLLOUT, of: device.descriptor, or: wakeUp, until: deadline, isShort: true)
      }
    }
    throw .noPicture(device: node.string, chunks: queue.chunks, damaged: queue.damaged)
  }

  /// What a decoder of hardware surely needs less than for a still.
  static let longestStill = Duration.seconds(30)
}

internal import CV4L2
public import TexAlloc

/// A camera of [Video4Linux], or whatever else captures pictures: a component that writes frames into memory
/// which the application has allocated for all who use them. The driver allocates nothing.
///
/// ```swift
/// let camera = try Camera(at: "/dev/video0", ImageSize(width: 1280, height: 720))
/// let frames = try camera.start(for: [gpu])
/// while let frame = try frames.next() {
///   draw(try gpu.texture(for: frame.buffer))
///   try gpu.collect()
/// }
/// ```
///
/// Its attributes are what the driver says and takes when it is asked: formats, pitches, sizes, buffers.
/// Formats whose planes lie in several memories are not taken from it, nor those of three planes; nor pictures
/// field by field.
///
/// [Video4Linux]: https://docs.kernel.org/userspace-api/media/v4l/capture.html
public final class Camera: Registrar {
  /// The node, `/dev/video0`, the driver, and what that calls the device.
  public var node: FilePath { kind.node.path }
  public var driver: String { kind.node.driver }
  public var card: String { kind.node.card }
  public var attributes: BufferAttributes { kind.attributes }
  /// Of every frame.
  public var size: ImageSize { kind.size }
  /// Most wanted first, of those that the device gives.
  public var formats: [Fourcc] { kind.formats.map(\.fourcc) }
  /// Whether every other row of a frame is of another moment.
  public let isInterlaced: Bool
  let kind: FrameKind

  /// The cameras of this machine, or why a node is none.
  ///
  /// - Parameter heaps: As of ``init(at:_:formats:from:)``.
  public static func found(from heaps: [any Heap]? = nil) -> [VideoFinding<Camera>] {
    VideoFinding.all { node throws(VideoError) in try Camera(at: node, from: heaps) }
  }

  /// Opens a camera, which others may open, too, until somebody starts it.
  ///
  /// - Parameters:
  ///   - size: Of the frames, in pixels; the one that the device has now where nil.
  ///   - formats: Those that may be had, most wanted first; the device's own, in its order, where nil.
  ///   - heaps: Where frames may have their memory; the machine's, which are looked for then, where nil.
  /// - Throws: `VideoError`: `unsupported` where the node captures no pictures, streams none, or gives fields,
  ///   `format`, and `size` with the nearest.
  public init(
    at node: FilePath, _ size: ImageSize? = nil, formats: [Fourcc]? = nil,
    from heaps: [any Heap]? = nil
  ) throws(VideoError) {
    let device = try VideoNode(node)
    try Self.requireCapture(by: device)
    let known = VideoFormat.all(of: device)
    let wanted = (formats ?? known).filter(known.contains)
    var offered: [VideoFormat] = []
    var givesFields = false
    for fourcc in wanted where !offered.contains(where: { $0.fourcc == fourcc }) {
      do {
        if let format = try VideoFormat.negotiate(fourcc, size, with: device),
          format.fourcc == fourcc
        {
          if format.scanning == .fields { givesFields = true } else { offered.append(format) }
        }
      } catch {
        throw VideoError(error)
      }
    }
    guard let first = offered.first else {
      if givesFields {
        throw .unsupported(
          device: node.string, feature: "pictures field by field, of \(device.driver)")
      }
      throw .format(device: node.string, wanted: formats ?? [], held: known)
    }
    let taken = size ?? first.size
    guard offered.contains(where: { $0.size == taken }) else {
      throw .size(device: node.string, wanted: taken, held: first.size)
    }
    offered.removeAll { $0.size != taken }
    isInterlaced = offered.contains { $0.scanning == .interlaced }
    kind = FrameKind(
      of: device, offered, showing: ImageRegion(of: taken), for: .capture,
      from: VideoNode.heaps(of: heaps))
  }

  private static func requireCapture(by device: VideoNode) throws(VideoError) {
    guard
      device.has(V4L2_CAP_VIDEO_CAPTURE) || device.has(V4L2_CAP_VIDEO_CAPTURE_MPLANE)
    else {
      throw .unsupported(device: device.path.string, feature: "capture, by \(device.driver)")
    }
    guard device.has(V4L2_CAP_STREAMING) else {
      throw .unsupported(
        device: device.path.string, feature: "streaming, by \(device.driver): only read(2)")
    }
  }

  /// Has the driver take one buffer of the kind into its queue, and give it back. The camera is then as it was.
  public func check(_ trial: TextureBuffer, on route: Route) throws(RegistrationRefused) {
    try kind.check(trial, on: route)
  }

  /// Checks that frames can be written into a buffer: it is one of this camera's format, size and pitch, and
  /// begins its memory.
  public func register(_ buffer: TextureBuffer) throws(RegistrationRefused) -> VideoBuffer {
    try kind.register(buffer)
  }
}

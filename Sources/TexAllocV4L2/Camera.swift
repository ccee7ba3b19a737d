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
/// Formats whose planes lie in several memories are not taken from it, nor those of three planes.
///
/// [Video4Linux]: https://docs.kernel.org/userspace-api/media/v4l/capture.html
public final class Camera: Registrar {
  public let attributes: BufferAttributes
  /// The node, `/dev/video0`, the driver, and what that calls the device.
  public var node: FilePath { device.path }
  public var driver: String { device.driver }
  public var card: String { device.card }
  /// Of every frame.
  public let size: ImageSize
  /// Most wanted first, of those that the device gives.
  public let formats: [Fourcc]
  /// What the numbers of a frame mean, by its format.
  let colours: [Fourcc: Colour]
  let device: VideoNode

  /// The cameras of this machine, or why a node is none.
  public static func found() -> [CameraFinding] {
    let folder = "/dev"
    let names = (try? SystemFile.names(in: folder)) ?? []
    return names.filter { $0.hasPrefix("video") }.map { name in
      let node = FilePath("\(folder)/\(name)")
      return CameraFinding(
        node: node, camera: Result { () throws(CameraError) in try Camera(at: node) })
    }
  }

  /// Opens a camera, which others may open, too, until somebody starts it.
  ///
  /// - Parameters:
  ///   - size: Of the frames, in pixels; the one that the device has now where nil.
  ///   - formats: Those that may be had, most wanted first; the device's own, in its order, where nil.
  /// - Throws: `CameraError`: `unsupported` where the node captures no pictures or streams none, `format`,
  ///   and `size` with the nearest.
  public init(
    at node: FilePath, _ size: ImageSize? = nil, formats: [Fourcc]? = nil
  ) throws(CameraError) {
    let device = try VideoNode(node)
    try Self.requireCapture(by: device)
    let known = VideoFormat.all(of: device)
    let wanted = (formats ?? known).filter(known.contains)
    var offered: [VideoFormat] = []
    for fourcc in wanted where !offered.contains(where: { $0.fourcc == fourcc }) {
      do {
        if let format = try VideoFormat.negotiate(fourcc, size, with: device),
          format.fourcc == fourcc
        {
          offered.append(format)
        }
      } catch {
        throw CameraError(error)
      }
    }
    guard let first = offered.first else {
      throw .format(device: node.string, wanted: formats ?? [], held: known)
    }
    let taken = size ?? first.size
    guard offered.contains(where: { $0.size == taken }) else {
      throw .size(device: node.string, wanted: taken, held: first.size)
    }
    offered.removeAll { $0.size != taken }
    self.device = device
    self.size = taken
    self.formats = offered.map(\.fourcc)
    colours = Dictionary(uniqueKeysWithValues: offered.map { ($0.fourcc, $0.colour) })
    attributes = BufferAttributes(
      name: "v4l2:\(device.driver)@\(node.lastComponent?.string ?? node.string)",
      alternatives: offered.map { $0.constraints(asked: device) }
    ) {
      $0.deviceUsage = [.capture]
      $0.heaps = Heaps.present().map(\.name).filter { $0 != MemfdHeap.name }
      $0.minBuffers = Self.leastBuffers(of: device)
    }
  }

  private static func requireCapture(by device: VideoNode) throws(CameraError) {
    func has(_ capability: Int32) -> Bool {
      device.capabilities & UInt32(bitPattern: capability) != 0
    }
    guard has(V4L2_CAP_VIDEO_CAPTURE) else {
      throw .unsupported(
        device: device.path.string,
        feature: has(V4L2_CAP_VIDEO_CAPTURE_MPLANE)
          ? "the multi-planar API, of \(device.driver)" : "capture, by \(device.driver)")
    }
    guard has(V4L2_CAP_STREAMING) else {
      throw .unsupported(
        device: device.path.string, feature: "streaming, by \(device.driver): only read(2)")
    }
  }

  /// What the driver keeps at a time, and one more that is shown meanwhile.
  private static func leastBuffers(of device: VideoNode) -> Int {
    var control = v4l2_control(id: texalloc_min_capture_buffers, value: 0)
    let isKnown = (try? device.call("VIDIOC_G_CTRL", texalloc_g_ctrl, &control)) != nil
    return max(isKnown ? Int(control.value) : 1, 1) + 1
  }

  /// Images that a pool has for this camera and all who use its frames.
  func image(in formats: [Fourcc]) -> ImageDescriptor {
    let frames = BufferAttributes(name: "frames of \(name)") {
      $0.formats = formats.map { Format($0) }
      $0.deviceUsage = [.capture]
    }
    return ImageDescriptor(
      width: size.width, height: size.height, writtenBy: frames,
      colour: formats.first.flatMap { colours[$0] } ?? .video, alpha: .opaque)
  }

  /// Of the first format.
  var leastPitch: Int {
    let constraints = attributes.alternatives[0]
    let alignment = constraints.pitchAlignment ?? 1
    return ((constraints.minPitch ?? 0) + alignment - 1) / alignment * alignment
  }

  /// Has the driver take one buffer of the kind into its queue, and give it back.
  public func check(_ trial: TextureBuffer, on route: Route) throws(RegistrationRefused) {
    do throws(CameraError) {
      let queue = try CaptureQueue(of: self, for: trial.layout, count: 1, in: .dmaBuf)
      try queue.enqueue(trial, at: 0)
    } catch {
      throw RegistrationRefused(
        .importFailed, by: name, field: "VIDIOC_QBUF",
        wanted: "memory that the driver takes", held: "\(error)")
    }
  }

  /// Checks that frames can be written into a buffer: it is one of this camera's format, size and pitch, and
  /// begins its memory.
  public func register(_ buffer: TextureBuffer) throws(RegistrationRefused) -> CameraBuffer {
    try attributes.accept(buffer)
    let layout = buffer.layout
    func refuse(
      _ cause: RegistrationRefused.Cause, _ field: String, _ wanted: String, _ held: String
    ) -> RegistrationRefused {
      RegistrationRefused(cause, by: name, field: field, wanted: wanted, held: held)
    }
    guard buffer.descriptor != nil else {
      throw refuse(.heap, "descriptor", "one dma-buf", "none, or several")
    }
    guard buffer.offset == 0, layout.planes[0].offset == 0 else {
      throw refuse(.offset, "offset", "0", "\(buffer.offset + layout.planes[0].offset)")
    }
    for (before, plane) in zip(layout.planes, layout.planes.dropFirst()) {
      let end = before.offset + before.pitch * before.rows
      guard plane.offset == end, plane.pitch == before.pitch else {
        throw refuse(
          .offset, "planes", "behind one another with one pitch of \(before.pitch)",
          "\(plane.pitch) bytes a row from \(plane.offset) on, behind \(end)")
      }
    }
    return CameraBuffer(component: name, buffer: buffer)
  }
}

/// A buffer that a camera writes frames into.
public final class CameraBuffer: Registration {
  public let component: String
  public let buffer: TextureBuffer

  init(component: String, buffer: TextureBuffer) {
    self.component = component
    self.buffer = buffer
  }
}

/// A node that may be a camera, and what came of it.
public struct CameraFinding: Sendable {
  public let node: FilePath
  /// The camera with the size that it has now, or why there is none.
  public let camera: Result<Camera, CameraError>
}

extension CameraFinding: CustomStringConvertible {
  public var description: String {
    switch camera {
    case .success(let camera): "\(camera.name): \(camera.card), \(camera.size)"
    case .failure(let error): "\(node): no camera, \(error)"
    }
  }
}

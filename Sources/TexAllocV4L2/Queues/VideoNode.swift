internal import CV4L2
internal import SystemPackage
internal import TexAlloc

/// A node of Video4Linux (`/dev/video0`), open, and the calls to it. Any thread may call; the kernel orders
/// them.
final class VideoNode: Sendable {
  /// Which of the queues of a node.
  enum Side: Sendable {
    /// What the device writes: pictures.
    case capture
    /// What it reads: the bytes that a decoder decodes.
    case output
  }

  let path: FilePath
  /// The driver's name, and that of the device.
  let driver, card: String
  /// `V4L2_CAP_*` of this node.
  let capabilities: UInt32
  private let file: OwnedDescriptor

  /// - Throws: `VideoError.failed` where it cannot be opened, or is none of Video4Linux.
  init(_ path: FilePath) throws(VideoError) {
    let file: OwnedDescriptor
    do {
      file = OwnedDescriptor(
        owning: try FileDescriptor.open(
          path, .readWrite, options: [.closeOnExec, .nonBlocking]))
    } catch {
      throw .failed(SystemFailure("open", on: path.string, error as? Errno ?? .ioError))
    }
    self.path = path
    var answer = v4l2_capability()
    let raw = file.descriptor.rawValue
    do {
      try systemCall("VIDIOC_QUERYCAP", on: path.string) {
        unsafe texalloc_video_ioctl(raw, texalloc_querycap, &answer)
      }
    } catch {
      throw .failed(error)
    }
    driver = unsafe withUnsafeBytes(of: answer.driver) { unsafe Self.text($0) }
    card = unsafe withUnsafeBytes(of: answer.card) { unsafe Self.text($0) }
    // Of this node where the driver tells them apart, else of the device.
    capabilities = answer.device_caps != 0 ? answer.device_caps : answer.capabilities
    self.file = file
  }

  /// Open for as long as this lives.
  var descriptor: FileDescriptor { file.descriptor }

  /// What components call it.
  var name: String { "v4l2:\(driver)@\(path.lastComponent?.string ?? path.string)" }

  func has(_ capability: Int32) -> Bool { capabilities & UInt32(bitPattern: capability) != 0 }

  /// Whether each buffer is told of plane by plane, though all lie in one memory.
  var isMultiplanar: Bool {
    has(V4L2_CAP_VIDEO_CAPTURE_MPLANE) && !has(V4L2_CAP_VIDEO_CAPTURE)
      || has(V4L2_CAP_VIDEO_M2M_MPLANE) && !has(V4L2_CAP_VIDEO_M2M)
  }

  func kind(of side: Side) -> UInt32 {
    switch (side, isMultiplanar) {
    case (.capture, false): V4L2_BUF_TYPE_VIDEO_CAPTURE.rawValue
    case (.capture, true): V4L2_BUF_TYPE_VIDEO_CAPTURE_MPLANE.rawValue
    case (.output, false): V4L2_BUF_TYPE_VIDEO_OUTPUT.rawValue
    case (.output, true): V4L2_BUF_TYPE_VIDEO_OUTPUT_MPLANE.rawValue
    }
  }

  /// Pictures that the driver keeps at a time, and one more that is shown meanwhile.
  var leastBuffers: Int {
    var control = v4l2_control(id: texalloc_min_capture_buffers, value: 0)
    let isKnown = (try? call("VIDIOC_G_CTRL", texalloc_g_ctrl, &control)) != nil
    return max(isKnown ? Int(control.value) : 1, 1) + 1
  }

  /// Those whose memory devices may take, of the given ones or of this machine's: all but memory without a
  /// dma-buf.
  static func heaps(of given: [any Heap]?) -> [any Heap] {
    (given ?? Heaps.present()).filter { $0.name != MemfdHeap.name }
  }

  /// Makes a call with an argument that the kernel reads and fills.
  ///
  /// - Parameters:
  ///   - name: As the manual has it, `VIDIOC_QBUF`.
  ///   - argument: Of the structure that the request is for.
  func call<Argument>(
    _ name: String, _ request: UInt, _ argument: inout Argument
  ) throws(SystemFailure) {
    try systemCall(name, on: path.string) {
      unsafe withUnsafeMutablePointer(to: &argument) {
        unsafe texalloc_video_ioctl(file.descriptor.rawValue, request, $0)
      }
    }
  }

  private static func text(_ bytes: UnsafeRawBufferPointer) -> String {
    unsafe String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
  }
}

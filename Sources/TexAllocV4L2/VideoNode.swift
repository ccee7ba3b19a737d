internal import CV4L2
internal import SystemPackage
internal import TexAlloc

/// A node of Video4Linux (`/dev/video0`), open, and the calls to it. Any thread may call; the kernel orders
/// them.
final class VideoNode: Sendable {
  let path: FilePath
  /// The driver's name, and that of the device.
  let driver, card: String
  /// `V4L2_CAP_*` of this node.
  let capabilities: UInt32
  private let file: OwnedDescriptor

  /// - Throws: `CameraError.failed` where it cannot be opened, or is none of Video4Linux.
  init(_ path: FilePath) throws(CameraError) {
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

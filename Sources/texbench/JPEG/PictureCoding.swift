internal import CTurboJPEG
internal import Glibc
internal import ProgramSupport

/// How a picture is coded that the program makes itself.
enum PictureCoding: String, CaseIterable {
  case halved = "4:2:0"
  case full = "4:4:4"
  case progressive = "4:2:0 progressive"
  case restarts = "4:2:0 restart markers"

  /// A JPEG file of quality 85, by libjpeg-turbo.
  ///
  /// - Parameter pixels: Rows of red, green and blue.
  func encode(_ pixels: [UInt8], width: Int, height: Int) throws -> [UInt8] {
    // TurboJPEG writes restart markers for whom asks in this way.
    if self == .restarts { unsafe setenv("TJ_RESTART", "1", 1) }
    defer { if self == .restarts { unsafe unsetenv("TJ_RESTART") } }
    let codec = unsafe tjInitCompress()
    defer { unsafe tjDestroy(codec) }
    var file: UnsafeMutablePointer<UInt8>?
    var size: UInt = 0
    defer { unsafe tjFree(file) }
    let sampling = self == .full ? TJSAMP_444 : TJSAMP_420
    let flags = self == .progressive ? CInt(TJFLAG_PROGRESSIVE) : 0
    guard
      unsafe tjCompress2(
        codec, pixels, CInt(width), 0, CInt(height), CInt(TJPF_RGB.rawValue), &file, &size,
        CInt(sampling.rawValue), 85, flags) == 0
    else { throw ProgramFailure("tjCompress2: \(unsafe String(cString: tjGetErrorStr2(codec)))") }
    // TurboJPEG has filled so many bytes.
    let bytes = unsafe Array(UnsafeBufferPointer(start: file, count: Int(size)))
    if self == .restarts, !Self.definesRestarts(bytes) {
      throw ProgramFailure("this TurboJPEG writes no restart markers")
    }
    return bytes
  }

  /// Whether a file has the marker DRI.
  private static func definesRestarts(_ file: [UInt8]) -> Bool {
    zip(file, file.dropFirst()).contains { $0 == 0xFF && $1 == 0xDD }
  }
}

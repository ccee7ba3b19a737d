import CTurboJPEG
import TexAlloc
import XCTest

/// What TurboJPEG, which has a libjpeg of its own, makes of a file.
enum Reference {
  /// Rows of pixels in a format of ``JPEGDecoder``, without padding; nil where it has anything to
  /// complain about.
  static func decode(_ file: [UInt8], as fourcc: Fourcc) -> [UInt8]? {
    let codec = unsafe tjInitDecompress()
    defer { unsafe tjDestroy(codec) }
    var (width, height, sampling, colours): (CInt, CInt, CInt, CInt) = (0, 0, 0, 0)
    let size = UInt(file.count)
    guard
      unsafe tjDecompressHeader3(codec, file, size, &width, &height, &sampling, &colours) == 0
    else { return nil }
    let (format, bytes): (TJPF, Int) =
      switch fourcc {
      case .r8: (TJPF_GRAY, 1)
      case .argb8888, .xrgb8888: (TJPF_BGRA, 4)
      default: (TJPF_RGBA, 4)
      }
    var pixels = [UInt8](repeating: 0, count: Int(width) * Int(height) * bytes)
    let flags = CInt(TJFLAG_STOPONWARNING)
    let result = unsafe tjDecompress2(
      codec, file, size, &pixels, width, width * CInt(bytes), height, format.rawValue, flags)
    return result == 0 ? pixels : nil
  }
}

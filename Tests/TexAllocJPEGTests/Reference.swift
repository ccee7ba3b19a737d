import CTurboJPEG
import TexAlloc
import XCTest

/// What TurboJPEG, which has a libjpeg of its own, makes of a file.
enum Reference {
  /// Rows of pixels in a format of ``JPEGDecoder``, without padding; nil where it has anything to
  /// complain about.
  static func decode(_ file: [UInt8], as fourcc: Fourcc) -> [UInt8]? {
    switch fourcc {
    case .r8: decode(file, TJPF_GRAY, 1)
    case .rgb565: decode(file, TJPF_RGBA, 4).map { reduced($0) }
    case .argb8888, .xrgb8888: decode(file, TJPF_BGRA, 4)
    default: decode(file, TJPF_RGBA, 4)
    }
  }

  /// Cyan, magenta, yellow and black as they are stored.
  static func decodeInk(_ file: [UInt8]) -> [UInt8]? { decode(file, TJPF_CMYK, 4) }

  private static func decode(_ file: [UInt8], _ format: TJPF, _ bytes: Int) -> [UInt8]? {
    let codec = unsafe tjInitDecompress()
    defer { unsafe tjDestroy(codec) }
    var (width, height, sampling, colours): (CInt, CInt, CInt, CInt) = (0, 0, 0, 0)
    let size = UInt(file.count)
    guard
      unsafe tjDecompressHeader3(codec, file, size, &width, &height, &sampling, &colours) == 0
    else { return nil }
    var pixels = [UInt8](repeating: 0, count: Int(width) * Int(height) * bytes)
    let flags = CInt(TJFLAG_STOPONWARNING)
    let result = unsafe tjDecompress2(
      codec, file, size, &pixels, width, width * CInt(bytes), height, format.rawValue, flags)
    return result == 0 ? pixels : nil
  }

  /// The upper 5, 6 and 5 bits of each pixel of four bytes.
  static func reduced(_ pixels: [UInt8]) -> [UInt8] {
    stride(from: 0, to: pixels.count, by: 4).flatMap { start in
      let (red, green, blue) = (pixels[start] >> 3, pixels[start + 1] >> 2, pixels[start + 2] >> 3)
      return [green << 5 | blue, red << 3 | green >> 3]
    }
  }
}

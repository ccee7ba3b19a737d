import CTurboJPEG
import TestSupport
import XCTest

/// Makes JPEG files of cyan, magenta, yellow and black.
enum PrintFile {
  enum Storing: CaseIterable {
    /// As luma, chroma and black, inverted, with Adobe's marker.
    case ycck
    /// As ink, inverted, with Adobe's marker.
    case adobe
    /// As ink, without a marker.
    case plain
  }

  static func make(_ width: Int, _ height: Int, _ storing: Storing) throws -> [UInt8] {
    let codec = unsafe tjInitCompress()
    defer { unsafe tjDestroy(codec) }
    var random = SplitMix64(seed: UInt64(width))
    var pixels: [UInt8] = []
    for y in 0..<height {
      for x in 0..<width {
        let ink = [x * 3, y * 4, x + y, Int.random(in: 0..<256, using: &random)]
        pixels += ink.map { UInt8(truncatingIfNeeded: $0) }
      }
    }
    var file: UnsafeMutablePointer<UInt8>?
    var size: UInt = 0
    let result = unsafe tjCompress2(
      codec, pixels, CInt(width), 0, CInt(height), TJPF_CMYK.rawValue, &file, &size,
      CInt(TJSAMP_444.rawValue), 95, 0)
    XCTAssertEqual(result, 0)
    defer { unsafe tjFree(file) }
    var bytes = unsafe [UInt8](UnsafeBufferPointer(start: file, count: Int(size)))
    let marker = try XCTUnwrap(bytes.indices.first { bytes[$0...].starts(with: [0xFF, 0xEE]) })
    switch storing {
    case .ycck: break
    case .adobe: bytes[marker + 15] = 0
    case .plain: bytes.removeSubrange(marker..<marker + 16)
    }
    return bytes
  }
}

import Foundation
import TexAlloc
import XCTest

/// What QEMU shows on a screen of the guest.
struct Screenshot {
  let size: ImageSize
  /// RGB, from the top.
  let pixels: [UInt8]

  /// - Parameters:
  ///   - screen: `cirrus` or `virtio_gpu`.
  ///   - name: Of the file in `out/vm`; no other picture has it, since the guest reads a file once.
  init(of screen: String, to name: String) throws {
    let file = "out/vm/\(name).ppm"
    XCTAssertEqual(try Monitor().ask("screendump \(file) \(screen)"), "")
    let data = [UInt8](try Data(contentsOf: URL(filePath: file)))
    var lines = 0
    let header = try XCTUnwrap(
      data.prefix(64).firstIndex {
        lines += $0 == 10 ? 1 : 0
        return lines == 3
      })
    let words = String(decoding: data[..<header], as: UTF8.self).split(
      whereSeparator: \.isWhitespace)
    XCTAssertEqual(words[0], "P6")
    size = ImageSize(width: try XCTUnwrap(Int(words[1])), height: try XCTUnwrap(Int(words[2])))
    pixels = Array(data[(header + 1)...])
  }

  /// Three bytes of each four, in this order: by pointers, since the guest is slow.
  static func rgb(of pixels: [UInt8], _ order: [Int] = [0, 1, 2]) -> [UInt8] {
    let (r, g, b) = (order[0], order[1], order[2])
    return unsafe [UInt8](unsafeUninitializedCapacity: pixels.count / 4 * 3) { bytes, count in
      count = pixels.count / 4 * 3
      unsafe pixels.withUnsafeBufferPointer { pixels in
        var (from, to) = (0, 0)
        while to < count {
          unsafe bytes[to] = pixels[from + r]
          unsafe bytes[to + 1] = pixels[from + g]
          unsafe bytes[to + 2] = pixels[from + b]
          from += 4
          to += 3
        }
      }
    }
  }
}

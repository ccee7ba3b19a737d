import TexAlloc
import TexAllocJPEG
import XCTest

final class PrintColourTests: XCTestCase {
  func testColoursAreWhatInkAndBlackLeaveOfTheLight() throws {
    let pool = try TexturePool(for: [JPEGDecoder.component])
    for storing in PrintFile.Storing.allCases {
      for (width, height) in [(1, 1), (17, 15), (90, 70)] {
        let file = try PrintFile.make(width, height, storing)
        let ink = try XCTUnwrap(Reference.decodeInk(file))
        let photo = try JPEGImage(file)
        XCTAssertTrue(photo.isCMYK)
        let expected = stride(from: 0, to: ink.count, by: 4).flatMap { start in
          let pixel = ink[start..<start + 4].map { Double(storing == .plain ? 255 - $0 : $0) }
          return pixel[..<3].map { UInt8(($0 * pixel[3] / 255).rounded()) } + [255]
        }
        let buffer = try pool.allocate(photo.descriptor)
        try photo.decode(into: buffer)
        let pixels = try buffer.pixels()
        XCTAssertEqual(pixels.count, expected.count)
        XCTAssertLessThanOrEqual(largestDifference(pixels, expected), 1, "\(storing)")
        try assertOtherFormatsAgree(photo, pixels, in: pool)
      }
    }
  }

  private func assertOtherFormatsAgree(
    _ photo: JPEGImage, _ pixels: [UInt8], in pool: TexturePool
  ) throws {
    func decoded(_ fourcc: Fourcc) throws -> [UInt8] {
      let buffer = try pool.allocate(photo.descriptor(as: [fourcc]))
      try photo.decode(into: buffer)
      return try buffer.pixels()
    }
    let pixel = Array(stride(from: 0, to: pixels.count, by: 4)).map { Array(pixels[$0..<$0 + 4]) }
    XCTAssertEqual(
      try decoded(.argb8888), pixel.flatMap { [$0[2], $0[1], $0[0], $0[3]] })
    XCTAssertEqual(try decoded(.rgb565), Reference.reduced(pixels))
    let brightness = pixel.map { pixel in
      let parts = zip(pixel, [0.299, 0.587, 0.114]).map { Double($0) * $1 }
      return UInt8(parts.reduce(0, +).rounded())
    }
    XCTAssertLessThanOrEqual(largestDifference(try decoded(.r8), brightness), 1)
  }

  private func largestDifference(_ first: [UInt8], _ second: [UInt8]) -> Int {
    zip(first, second).map { abs(Int($0) - Int($1)) }.max() ?? 0
  }
}

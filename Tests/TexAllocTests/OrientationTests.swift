import TexAlloc
import XCTest

final class OrientationTests: XCTestCase {
  /// Two rows of three pixels as they are stored, and as each of the eight ways shows them: what EXIF
  /// says of row 0 and column 0.
  private let shown: [Orientation: [String]] = [
    .upright: ["abc", "def"], .mirrored: ["cba", "fed"], .turnedHalf: ["fed", "cba"],
    .flipped: ["def", "abc"], .transposed: ["ad", "be", "cf"], .turnedRight: ["da", "eb", "fc"],
    .transversed: ["fc", "eb", "da"], .turnedLeft: ["cf", "be", "ad"],
  ]

  func testEachOrientationShowsEveryPixelWhereEXIFPutsIt() throws {
    let stored = ["abc", "def"].map(Array.init)
    for orientation in Orientation.allCases {
      let size = orientation.upright(ImageSize(width: 3, height: 2))
      let rows = (0..<size.height).map { y in
        String(
          (0..<size.width).map { x in
            let point = orientation.stored(
              x: (Float(x) + 0.5) / Float(size.width), y: (Float(y) + 0.5) / Float(size.height))
            return stored[Int(point.y * 2)][Int(point.x * 3)]
          })
      }
      XCTAssertEqual(rows, try XCTUnwrap(shown[orientation]), "\(orientation)")
    }
  }
}

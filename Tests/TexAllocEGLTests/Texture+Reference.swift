import TestSupport
import TexAlloc
import TexAllocEGL
import XCTest

extension Texture {
  /// That the public shader shows what the planes are in floating point.
  ///
  /// - Parameters:
  ///   - tolerance: In levels of 255.
  ///   - isSeen: Whether a column of pixels matters.
  func assertShows(
    _ reference: PlaneReference, within tolerance: Double = 2,
    where isSeen: (_ x: Int) -> Bool = { _ in true }
  ) throws {
    let pixels = try shownPixels()
    let layout = reference.layout
    for y in 0..<layout.height {
      for x in 0..<layout.width where isSeen(x) {
        let wanted = reference.colour(x, y)
        let start = (y * layout.width + x) * 4
        let held = pixels[start..<start + 3].map(Double.init)
        guard zip(held, wanted).allSatisfy({ abs($0 - $1) <= tolerance }) else {
          return XCTFail(
            "\(layout.format) of \(layout.colour) by \(route): \(held) at \(x), \(y), wanted \(wanted)"
          )
        }
        XCTAssertEqual(pixels[start + 3], 255)
      }
    }
  }
}

import TestSupport
import XCTest

@testable import TexAllocAtlas

final class ShelfPackerTests: XCTestCase {
  func testNoPixelIsHandedOutTwice() {
    for seed in 0..<20 as Range<UInt64> {
      var random = SplitMix64(seed: seed)
      let (width, height) = (128, 96)
      var subject = ShelfPacker(width: width, height: height)
      var model = [Bool](repeating: false, count: width * height)
      var live: [TexelRectangle] = []
      for _ in 0..<1_000 {
        if Int.random(in: 0..<5, using: &random) < 3 {
          let size = { Int.random(in: 1...24, using: &random) }
          guard let place = subject.insert(width: size(), height: size()) else { continue }
          for y in place.rows {
            for x in place.columns {
              XCTAssertFalse(model[y * width + x], "seed \(seed): \(place) overlaps")
              model[y * width + x] = true
            }
          }
          live.append(place)
        } else if let index = live.indices.randomElement(using: &random) {
          let place = live.remove(at: index)
          subject.remove(place)
          for y in place.rows {
            for x in place.columns { model[y * width + x] = false }
          }
        }
        subject.checkInvariants()
      }
    }
  }

  func testRectanglesOfOneSizeFillThePage() {
    var subject = ShelfPacker(width: 64, height: 64)
    var count = 0
    while subject.insert(width: 8, height: 8) != nil { count += 1 }
    XCTAssertEqual(count, 64)
  }

  func testWhatIsLargerThanThePageIsRefusedAndWhatIsAsLargeIsNot() {
    var subject = ShelfPacker(width: 30, height: 21)
    XCTAssertNil(subject.insert(width: 31, height: 1))
    XCTAssertNil(subject.insert(width: 1, height: 22))
    XCTAssertNotNil(subject.insert(width: 30, height: 21))
    XCTAssertNil(subject.insert(width: 1, height: 1))
  }

  func testRoomOfTheLastOnAShelfAndOfAnEmptyShelfIsUsedAgain() throws {
    var subject = ShelfPacker(width: 30, height: 10)
    let places = try (0..<3).map { _ in try XCTUnwrap(subject.insert(width: 10, height: 10)) }
    XCTAssertNil(subject.insert(width: 10, height: 10))
    subject.remove(places[2])
    XCTAssertEqual(subject.insert(width: 10, height: 10), places[2])
    for place in places { subject.remove(place) }
    XCTAssertNotNil(subject.insert(width: 30, height: 10))
  }

  func testGlyphsOfManySizesLeaveLittleOfThePageUnused() {
    var random = SplitMix64(seed: 7)
    var subject = ShelfPacker(width: 1024, height: 1024)
    var area = 0
    while true {
      let size = Int.random(in: 6...48, using: &random)
      let width = Int.random(in: max(1, size / 4)...size, using: &random)
      let height = Int.random(in: size / 2...size, using: &random)
      guard let place = subject.insert(width: width, height: height) else { break }
      area += place.width * place.height
    }
    print("of a page, glyphs of random sizes fill \(area * 100 / (1024 * 1024)) %")
    XCTAssertGreaterThan(area, 1024 * 1024 * 3 / 4)
  }
}

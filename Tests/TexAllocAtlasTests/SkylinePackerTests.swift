import TestSupport
import XCTest

@testable import TexAllocAtlas

final class SkylinePackerTests: XCTestCase {
  func testNoPixelIsHandedOutTwiceAndAnEmptyPageHasRoomForAll() throws {
    for seed in 0..<20 as Range<UInt64> {
      var random = SplitMix64(seed: seed)
      // Of the wider half, strips have room for more than the narrowest.
      let (width, height) = ((seed < 10 ? 128 : 400) + Int(seed), 96)
      var subject = SkylinePacker(width: width, height: height)
      var model = [Bool](repeating: false, count: width * height)
      var live: [TexelRectangle] = []
      // What came since the last time that it was told, and of which pixels.
      var new: Set<TexelRectangle> = []
      var newPixels: Set<Int> = []
      func pixels(of place: TexelRectangle) -> [Int] {
        place.rows.flatMap { y in place.columns.map { y * width + $0 } }
      }
      func set(_ place: TexelRectangle, _ isTaken: Bool) {
        for pixel in pixels(of: place) {
          XCTAssertNotEqual(model[pixel], isTaken, "seed \(seed): \(place) overlaps")
          model[pixel] = isTaken
        }
        if !isTaken { new.remove(place) }
      }
      func add(_ place: TexelRectangle) {
        XCTAssertTrue(place.x >= 0 && place.columns.upperBound <= width)
        XCTAssertTrue(place.y >= 0 && place.rows.upperBound <= height)
        set(place, true)
        live.append(place)
        new.insert(place)
        newPixels.formUnion(pixels(of: place))
      }
      func tell() {
        var told: Set<Int> = []
        subject.tellNew { told.formUnion(pixels(of: $0)) }
        XCTAssertTrue(told.isSubset(of: newPixels), "seed \(seed): something did not come")
        XCTAssertTrue(new.allSatisfy { told.isSuperset(of: pixels(of: $0)) }, "seed \(seed)")
        (new, newPixels) = ([], [])
      }
      for step in 0..<1_000 {
        if Int.random(in: 0..<60, using: &random) == 0 {
          // Half of the time round and round.
          let isBehind = Bool.random(using: &random)
          let start = isBehind ? subject.end % height : .random(in: 0..<height, using: &random)
          let rows = start..<Int.random(in: start + 1...height, using: &random)
          let touching = live.filter { $0.rows.overlaps(rows) }
          let keepsSome = Bool.random(using: &random)
          let kept = touching.filter { _ in keepsSome && .random(in: 0..<4, using: &random) == 0 }
          let victims = touching.filter { !kept.contains($0) }
          let size = { Int.random(in: 1...40, using: &random) }
          let wanted = (width: size(), height: size())
          let fits = subject.fits(
            width: wanted.width, height: wanted.height, in: rows, around: kept)
          subject.clear(rows, of: victims, around: kept)
          live.removeAll { victims.contains($0) }
          for place in victims { set(place, false) }
          guard fits else { continue }
          let place = try XCTUnwrap(
            subject.insert(width: wanted.width, height: wanted.height), "seed \(seed): it fits")
          add(place)
        } else if seed.isMultiple(of: 2) || step / 200 % 2 == 1
          || Int.random(in: 0..<5, using: &random) < 3
        {
          let size = { Int.random(in: 1...24, using: &random) }
          guard let place = subject.insert(width: size(), height: size()) else { continue }
          add(place)
        } else if let index = live.indices.randomElement(using: &random) {
          let place = live.remove(at: index)
          subject.remove(place)
          set(place, false)
        }
        XCTAssertEqual(subject.usedArea, live.reduce(0) { $0 + $1.area })
        XCTAssertEqual(subject.count, live.count)
        if Int.random(in: 0..<40, using: &random) == 0 { tell() }
        if step % 50 == 0 { subject.checkInvariants() }
      }
      XCTAssertEqual(subject.usedArea, model.count { $0 })
      tell()
      live.shuffle(using: &random)
      for place in live { subject.remove(place) }
      subject.checkInvariants()
      XCTAssertNotNil(subject.insert(width: width, height: height), "seed \(seed)")
    }
  }

  func testRowsThatAreClearedHaveRoomForAnythingOfTheirSize() throws {
    for removesOne in [false, true] {
      var subject = SkylinePacker(width: 64, height: 64)
      var places = try (0..<64).map { _ in try XCTUnwrap(subject.insert(width: 8, height: 8)) }
      if removesOne { subject.remove(places.removeFirst()) }
      let rows = 20..<40
      let touching = places.filter { $0.rows.overlaps(rows) }
      subject.clear(rows, of: touching, around: [])
      XCTAssertEqual(
        subject.insert(width: 64, height: 20), TexelRectangle(x: 0, y: 20, width: 64, height: 20))
      subject.checkInvariants()
    }
  }

  func testRowsThatAreClearedAreFilledRoundWhatStays() throws {
    var subject = SkylinePacker(width: 60, height: 60)
    let places = try (0..<36).map { _ in try XCTUnwrap(subject.insert(width: 10, height: 10)) }
    let rows = 0..<30
    let touching = places.filter { $0.rows.overlaps(rows) }
    let kept = [touching[8], touching[9]]
    XCTAssertFalse(subject.fits(width: 60, height: 20, in: rows, around: kept))
    XCTAssertTrue(subject.fits(width: 60, height: 10, in: rows, around: kept))
    subject.clear(rows, of: touching.filter { !kept.contains($0) }, around: kept)
    subject.checkInvariants()
    for _ in 0..<16 { XCTAssertNotNil(subject.insert(width: 10, height: 10)) }
    XCTAssertNil(subject.insert(width: 1, height: 1))
  }

  func testWhatStayedInRowsBeforeIsNotInTheWayOnceItWent() throws {
    var subject = SkylinePacker(width: 60, height: 60)
    let high = try XCTUnwrap(subject.insert(width: 60, height: 40))
    let low = try XCTUnwrap(subject.insert(width: 60, height: 20))
    subject.clear(0..<20, of: [], around: [high])
    XCTAssertNil(subject.insert(width: 1, height: 1))
    XCTAssertTrue(subject.fits(width: 60, height: 20, in: 20..<40, around: []))
    subject.clear(20..<40, of: [high], around: [])
    XCTAssertEqual(
      subject.insert(width: 60, height: 20), TexelRectangle(x: 0, y: 20, width: 60, height: 20))
    XCTAssertEqual(subject.usedArea, 60 * 20 + low.area)
    subject.checkInvariants()
  }

  func testTheSkylineGoesOnIntoRowsBehindItThatAreCleared() throws {
    var subject = SkylinePacker(width: 60, height: 60)
    let places = try (0..<36).map { _ in try XCTUnwrap(subject.insert(width: 10, height: 10)) }
    XCTAssertNil(subject.insert(width: 10, height: 10))
    func clear(_ rows: Range<Int>) {
      subject.clear(rows, of: places.filter { $0.rows.overlaps(rows) }, around: [])
    }
    clear(0..<20)
    XCTAssertEqual(subject.end, 20)
    XCTAssertNotNil(subject.insert(width: 50, height: 15))
    XCTAssertNil(subject.insert(width: 60, height: 10), "five rows are left")
    clear(20..<30)
    XCTAssertEqual(
      subject.insert(width: 60, height: 10), TexelRectangle(x: 0, y: 15, width: 60, height: 10))
    XCTAssertEqual(
      subject.insert(width: 10, height: 15), TexelRectangle(x: 50, y: 0, width: 10, height: 15))
    subject.checkInvariants()
  }

  func testRectanglesOfOneSizeFillThePage() {
    var subject = SkylinePacker(width: 64, height: 64)
    var count = 0
    while subject.insert(width: 8, height: 8) != nil { count += 1 }
    XCTAssertEqual(count, 64)
  }

  func testSmallOnesOfOneHeightStandSideBySideWhateverComesBetween() {
    var subject = SkylinePacker(width: 512, height: 512)
    var ends: [Int: TexelRectangle] = [:]
    for number in 0..<20 {
      let height = number % 2 == 0 ? 8 : 12
      guard let place = subject.insert(width: 5, height: height) else { return XCTFail() }
      if number % 10 > 1, let last = ends[height] {
        XCTAssertEqual([place.x, place.y], [last.x + 5, last.y])
      }
      ends[height] = place
      subject.checkInvariants()
    }
  }

  func testWhatSmallOnesLeaveOfTheirStripsIsFilledOnceAPlaceCameBack() throws {
    var subject = SkylinePacker(width: 512, height: 16)
    let first = try XCTUnwrap(subject.insert(width: 4, height: 16))
    XCTAssertNotNil(subject.insert(width: 4, height: 16))
    subject.remove(first)
    for _ in 1..<128 {
      XCTAssertNotNil(subject.insert(width: 4, height: 16))
      subject.checkInvariants()
    }
    XCTAssertNil(subject.insert(width: 1, height: 1))
  }

  func testTheLastOfAStripComesBackAndEndsNoStrip() throws {
    var subject = SkylinePacker(width: 512, height: 64)
    let first = try XCTUnwrap(subject.insert(width: 4, height: 8))
    let last = try XCTUnwrap(subject.insert(width: 5, height: 8))
    subject.remove(last)
    XCTAssertEqual([subject.count, subject.usedArea], [1, 32])
    XCTAssertEqual(
      subject.insertInStrip(width: 7, height: 8),
      TexelRectangle(x: last.x, y: last.y, width: 7, height: 8))
    var told: [TexelRectangle] = []
    subject.tellNew { told.append($0) }
    XCTAssertEqual(told, [TexelRectangle(x: first.x, y: first.y, width: 11, height: 8)])
    subject.remove(first)
    XCTAssertNil(subject.insertInStrip(width: 4, height: 8), "others may be anywhere now")
    subject.checkInvariants()
  }

  func testRowsThatAreClearedAgainAndAgainAreNotThePage() throws {
    var subject = SkylinePacker(width: 60, height: 60)
    let places = try (0..<36).map { _ in try XCTUnwrap(subject.insert(width: 10, height: 10)) }
    let hole = try XCTUnwrap(places.first { $0.y == 30 })
    subject.remove(hole)
    subject.clear(0..<20, of: places.filter { $0.y < 20 }, around: [])
    for _ in 0..<3 { subject.clear(0..<20, of: [], around: []) }
    XCTAssertNotNil(subject.insert(width: 60, height: 20))
    XCTAssertEqual(subject.insert(width: 10, height: 10), hole)
  }

  func testWhatIsLowerThanItsStripLeavesTheRestToOthers() {
    var packer = SkylinePacker(width: 512, height: 60)
    let first = packer.insert(width: 10, height: 60)
    XCTAssertNotNil(packer.insert(width: 448, height: 60), "all that is left beside the strip")
    let lower = packer.insert(width: 10, height: 56)
    XCTAssertEqual(lower?.x, first?.columns.upperBound, "in the same strip")
    let least = packer.insert(width: 10, height: 4)
    XCTAssertEqual(least?.x, lower?.x)
    XCTAssertEqual(least?.y, 56)
    packer.checkInvariants()
  }

  func testWhatIsLargerThanThePageIsRefusedAndWhatIsAsLargeIsNot() {
    var subject = SkylinePacker(width: 30, height: 21)
    XCTAssertNil(subject.insert(width: 31, height: 1))
    XCTAssertNil(subject.insert(width: 1, height: 22))
    XCTAssertNotNil(subject.insert(width: 30, height: 21))
    XCTAssertNil(subject.insert(width: 1, height: 1))
  }

  func testPlacesThatComeBackSideBySideAreOnePlaceWhateverTheirOrder() throws {
    for seed in 0..<30 as Range<UInt64> {
      var random = SplitMix64(seed: seed)
      var subject = SkylinePacker(width: 64, height: 64)
      let places = try (0..<64).map { _ in try XCTUnwrap(subject.insert(width: 8, height: 8)) }
      let (x, y) = (
        8 * Int.random(in: 0..<6, using: &random), 8 * Int.random(in: 0..<6, using: &random)
      )
      let inside = places.filter { x..<x + 24 ~= $0.x && y..<y + 24 ~= $0.y }
      XCTAssertEqual(inside.count, 9)
      for place in inside.shuffled(using: &random) { subject.remove(place) }
      XCTAssertEqual(
        subject.insert(width: 24, height: 24), TexelRectangle(x: x, y: y, width: 24, height: 24),
        "seed \(seed)")
    }
  }

  func testAnOddGapLeftBelowTheSkylineIsFilled() throws {
    var subject = SkylinePacker(width: 30, height: 20)
    _ = try XCTUnwrap(subject.insert(width: 10, height: 10))
    _ = try XCTUnwrap(subject.insert(width: 20, height: 4))
    _ = try XCTUnwrap(subject.insert(width: 30, height: 10))
    let place = try XCTUnwrap(subject.insert(width: 20, height: 6))
    XCTAssertEqual(place, TexelRectangle(x: 10, y: 4, width: 20, height: 6))
    XCTAssertEqual(subject.usedArea, 600)
  }

  func testWhatAPlaceLeavesOfAGapIsRoomForOthers() throws {
    var subject = SkylinePacker(width: 30, height: 20)
    for (width, height) in [(10, 10), (20, 4), (30, 10)] {
      XCTAssertNotNil(subject.insert(width: width, height: height))
    }
    // Of a gap of 20x6, the larger rest is beside, and as high.
    for (width, height) in [(8, 3), (12, 6), (8, 3)] {
      XCTAssertNotNil(subject.insert(width: width, height: height))
    }
    XCTAssertEqual(subject.usedArea, 600)
    subject.checkInvariants()
  }

  func testAMixedLoadFillsAtLeast85PercentBeforeTheFirstRefusal() {
    // Latin letters are narrow, and stand out above or below by chance; Han is nearly square.
    for side in [512, 1024, 2048] {
      var random = SplitMix64(seed: UInt64(side))
      var subject = SkylinePacker(width: side, height: side)
      var isOver = false
      while !isOver {
        let size = Double.random(in: 12...48, using: &random)
        let isHan = Bool.random(using: &random)
        let width = size * Double.random(in: isHan ? 0.8...0.95 : 0.2...0.8, using: &random)
        let height = size * Double.random(in: isHan ? 0.8...0.95 : 0.5...0.95, using: &random)
        isOver = subject.insert(width: Int(width) + 3, height: Int(height) + 3) == nil
      }
      let share = Double(subject.usedArea) / Double(side * side)
      print("of a page of \(side), mixed glyphs fill \((share * 1000).rounded() / 10) %")
      XCTAssertGreaterThan(share, 0.85)
    }
  }

  func testOldestOutNewestInKeepsThePageInUse() throws {
    var random = SplitMix64(seed: 5)
    var subject = SkylinePacker(width: 512, height: 512)
    var live: [TexelRectangle] = []
    var share = 0.0
    for _ in 0..<20_000 {
      let (width, height) = (
        Int.random(in: 6...18, using: &random), Int.random(in: 10...18, using: &random)
      )
      var place = subject.insert(width: width, height: height)
      while place == nil {
        subject.remove(live.removeFirst())
        place = subject.insert(width: width, height: height)
      }
      live.append(try XCTUnwrap(place))
      share += Double(subject.usedArea) / Double(512 * 512) / 20_000
    }
    print("with the oldest out and new ones in, \((share * 1000).rounded() / 10) % are in use")
    XCTAssertGreaterThan(share, 0.7)
  }
}

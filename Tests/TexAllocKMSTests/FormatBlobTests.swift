import TexAlloc
import XCTest

@testable import TexAllocKMS

/// What a driver lists of its formats, read without a driver.
final class FormatBlobTests: XCTestCase {
  private let tiled = Modifier(rawValue: 0x0100_0000_0000_0001)

  /// Version 1, two formats, of which both are linear and the second is tiled, too.
  private var bytes: [UInt8] {
    func little<Number: FixedWidthInteger>(_ number: Number) -> [UInt8] {
      (0..<MemoryLayout<Number>.size).map { UInt8(truncatingIfNeeded: number >> ($0 * 8)) }
    }
    let header: [UInt32] = [1, 0, 2, 24, 2, 32]
    let codes = [Fourcc.xrgb8888.rawValue, Fourcc.nv12.rawValue]
    return (header + codes).flatMap(little)
      + little(UInt64(0b1)) + little(UInt32(1)) + little(UInt32(0)) + little(tiled.rawValue)
      + little(UInt64(0b11)) + little(UInt32(0)) + little(UInt32(0)) + little(UInt64(0))
  }

  func testEveryPairOfFormatAndModifierIsReadAndLinearOnesComeFirst() throws {
    let blob = try XCTUnwrap(FormatBlob(bytes))
    XCTAssertEqual(blob.formats, [Format(.xrgb8888), Format(.nv12), Format(.nv12, tiled)])
  }

  func testABlobThatBreaksOffIsNone() {
    for count in 0..<bytes.count {
      XCTAssertNil(FormatBlob(Array(bytes.prefix(count))), "\(count)")
    }
  }

  func testAModifierOfAFormatThatIsNotThereIsRefused() {
    var bytes = bytes
    bytes[40] = 2  // the first format that the tiled modifier counts from
    XCTAssertNil(FormatBlob(bytes))
  }

  func testNoBytesAreReadPastTheEndWhateverTheBlobSays() {
    var random = SystemRandomNumberGenerator()
    for _ in 0..<5000 {
      var broken = bytes
      for _ in 0..<3 {
        broken[Int.random(in: broken.indices, using: &random)] = .random(in: 0...255)
      }
      _ = FormatBlob(broken)
    }
  }
}

final class DisplayModeTests: XCTestCase {
  private func mode(
    _ width: Int, _ height: Int, _ millihertz: Int, isPreferred: Bool = false
  ) -> DisplayMode {
    let timing = DisplayMode.Timing(
      clock: 0, horizontal: [], vertical: [], rate: 60, flags: 0, kind: 0)
    return DisplayMode(
      name: "", size: ImageSize(width: width, height: height), millihertz: millihertz,
      isPreferred: isPreferred, timing: timing)
  }

  func testTheScreensOwnModeIsTakenAndElseTheLargest() {
    let modes = [mode(800, 600, 60_000), mode(1024, 768, 60_000), mode(1024, 768, 75_000)]
    XCTAssertEqual(DisplayMode.chosen(of: modes, nil), modes[2])
    let preferred = mode(640, 480, 60_000, isPreferred: true)
    XCTAssertEqual(DisplayMode.chosen(of: modes + [preferred], nil), preferred)
  }

  func testOfASizeTheQuickestModeIsTaken() {
    let modes = [mode(800, 600, 56_000), mode(800, 600, 72_000), mode(1024, 768, 60_000)]
    XCTAssertEqual(
      DisplayMode.chosen(of: modes, ImageSize(width: 800, height: 600)), modes[1])
    XCTAssertNil(DisplayMode.chosen(of: modes, ImageSize(width: 801, height: 600)))
    XCTAssertNil(DisplayMode.chosen(of: [], nil))
    XCTAssertEqual(
      DisplayMode.nearest(of: modes, to: ImageSize(width: 1000, height: 700)), modes[2])
  }

  func testEventsTellWhichFlipsAreOver() {
    var bytes = [UInt8](repeating: 0, count: 32)
    (bytes[0], bytes[4], bytes[8]) = (2, 32, 7)  // a flip
    var other = bytes
    (other[0], other[8]) = (1, 8)  // a refresh
    XCTAssertEqual(FlipEvent.numbers(in: (bytes + other + bytes)[...]), [7, 7])
    XCTAssertEqual(FlipEvent.numbers(in: (bytes + bytes).prefix(40)), [7])
    XCTAssertEqual(FlipEvent.numbers(in: []), [])
  }
}

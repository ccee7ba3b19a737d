import TexAlloc
import XCTest

final class LayoutTests: XCTestCase {
  func testEveryKnownFormatHasItsPlanes() {
    let image = ImageSize(width: 5, height: 3)
    for code in ["AR24", "XR24", "AB24", "XB24"] { assertPlanes(code, image, [(0, 20, 3)]) }
    for code in ["RG16", "GR88"] { assertPlanes(code, image, [(0, 10, 3)]) }
    assertPlanes("R8  ", image, [(0, 5, 3)])
    for code in ["YUYV", "UYVY"] { assertPlanes(code, image, [(0, 12, 3)]) }
    assertPlanes("NV12", image, [(0, 5, 3), (15, 6, 2)])
    assertPlanes("YU12", image, [(0, 5, 3), (15, 3, 2), (21, 3, 2)])
  }

  func testPitchRowsOffsetsAndSizeAreRoundedUp() {
    let layout = layout("NV12", ImageSize(width: 100, height: 50)) {
      ($0.offsetAlignment, $0.pitchAlignment) = (4096, 64)
      ($0.heightAlignment, $0.sizeAlignment) = (16, 1000)
    }
    XCTAssertEqual(
      layout.map { Array($0.planes) },
      [.init(offset: 0, pitch: 128, rows: 64), .init(offset: 8192, pitch: 128, rows: 32)])
    XCTAssertEqual(layout?.size, 13000)
  }

  func testTheLeastPitchAndSizeAreKept() {
    let layout = layout("R8  ", ImageSize(width: 1, height: 1)) {
      ($0.minPitch, $0.pitchAlignment, $0.minSize, $0.sizeAlignment) = (100, 64, 5000, 4096)
    }
    XCTAssertEqual(layout?.planes.first?.pitch, 128)
    XCTAssertEqual(layout?.size, 8192)
  }

  func testTheImageMustLieWithinTheBoundsWidthFirst() {
    assertConflict(.width, ImageSize(width: 0, height: 0)) { _ in }
    assertConflict(.height, ImageSize(width: 1, height: 0)) { _ in }
    assertConflict(.width, ImageSize(width: 9, height: 9)) {
      ($0.maxWidth, $0.maxHeight) = (8, 8)
    }
    assertConflict(.height, ImageSize(width: 8, height: 9)) {
      ($0.maxWidth, $0.maxHeight) = (8, 8)
    }
    assertConflict(.width, ImageSize(width: -1, height: 1)) { _ in }
  }

  func testTheBoundsHoldWithoutAFormatAndThenNothingIsLaidOut() {
    let gpu = BufferAttributes(name: "gpu") { ($0.maxWidth, $0.maxPitch) = (8, 1) }
    XCTAssertNil(outcome([gpu], ImageSize(width: 8, height: 1)).merged!.layout)
    XCTAssertEqual(outcome([gpu], ImageSize(width: 9, height: 1)).conflict?.field, .width)
  }

  func testOnlyKnownLinearFormatsAreLaidOut() {
    let image = ImageSize(width: 1, height: 1)
    assertConflict(.formats, image) { $0.formats = [Format(Fourcc("P010")!)] }
    assertConflict(.formats, image) { $0.formats = [Format(.r8, Modifier(rawValue: 1))] }
    assertConflict(.width, ImageSize(width: 9, height: 1)) {
      ($0.formats, $0.maxWidth) = ([Format(Fourcc("P010")!)], 8)
    }
  }

  func testAPitchAboveTheMaximumIsAConflict() {
    assertConflict(.maxPitch, ImageSize(width: 101, height: 1)) { $0.maxPitch = 100 }
    // Rounded down to 64, which 65 rounded up passes.
    assertConflict(.maxPitch, ImageSize(width: 65, height: 1)) {
      ($0.maxPitch, $0.pitchAlignment) = (127, 64)
    }
    // The second plane of an image of odd width is the longer one.
    assertConflict(.maxPitch, ImageSize(width: 101, height: 1)) {
      ($0.maxPitch, $0.formats) = (101, [Format(.nv12)])
    }
  }

  func testAPitchPastTheLargestNumberIsAConflict() {
    let image = ImageSize(width: .max, height: 1)
    assertConflict(.maxPitch, image) { $0.formats = [Format(.xrgb8888)] }
    assertConflict(.maxPitch, image) { $0.formats = [Format(.yuyv)] }
    assertConflict(.maxPitch, image) { $0.pitchAlignment = 2 }
    XCTAssertEqual(layout("R8  ", image) { _ in }?.size, .max)
  }

  func testASizeAboveTheMaximumIsAConflict() {
    assertConflict(.maxSize, ImageSize(width: 10, height: 10)) { $0.maxSize = 99 }
    assertConflict(.maxSize, ImageSize(width: 10, height: 10)) {
      ($0.maxSize, $0.sizeAlignment) = (127, 64)
    }
    XCTAssertEqual(layout("R8  ", ImageSize(width: 10, height: 10)) { $0.maxSize = 100 }?.size, 100)
  }

  func testRowsOffsetEndAndSizePastTheLargestNumberAreAConflict() {
    let half = 1 << 62
    assertConflict(.maxSize, ImageSize(width: 1, height: .max)) { $0.heightAlignment = 2 }
    assertConflict(.maxSize, ImageSize(width: half, height: 2)) { _ in }
    assertConflict(.maxSize, ImageSize(width: half, height: 1)) {
      ($0.formats, $0.offsetAlignment) = ([Format(.nv12)], 1 << 31)
    }
    assertConflict(.maxSize, ImageSize(width: 1, height: .max)) { $0.sizeAlignment = 2 }
    assertConflict(.maxSize, ImageSize(width: 1, height: .max - 1)) {
      ($0.formats, $0.offsetAlignment) = ([Format(.nv12)], 7)
    }
    assertConflict(.maxSize, ImageSize(width: 1, height: 1)) {
      ($0.minSize, $0.sizeAlignment) = (.max, 2)
    }
  }

  private func attributes(_ set: (inout BufferConstraints) -> Void) -> BufferAttributes {
    BufferAttributes(name: "gpu") {
      $0.formats = [Format(.r8)]
      set(&$0)
    }
  }

  private func layout(
    _ code: String, _ image: ImageSize, _ set: (inout BufferConstraints) -> Void
  ) -> ImageLayout? {
    let gpu = attributes {
      $0.formats = [Format(Fourcc(code)!)]
      set(&$0)
    }
    return outcome([gpu], image).merged?.layout
  }

  private func assertPlanes(
    _ code: String, _ image: ImageSize, _ planes: [(offset: Int, pitch: Int, rows: Int)],
    line: UInt = #line
  ) {
    let expected = planes.map {
      ImageLayout.Plane(offset: $0.offset, pitch: $0.pitch, rows: $0.rows)
    }
    let layout = layout(code, image) { _ in }
    XCTAssertEqual(layout.map { Array($0.planes) }, expected, code, line: line)
    XCTAssertEqual(layout?.size, expected.last.map { $0.offset + $0.pitch * $0.rows }, line: line)
  }

  private func assertConflict(
    _ field: MergeConflict.Field, _ image: ImageSize, line: UInt = #line,
    _ set: (inout BufferConstraints) -> Void
  ) {
    XCTAssertEqual(outcome([attributes(set)], image).conflict?.field, field, line: line)
  }
}

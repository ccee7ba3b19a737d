import TexAllocText
import XCTest

@testable import glyphdemo

final class TextLayoutTests: XCTestCase {
  func testLinesBeginWhereTheirTextDoes() throws {
    let fonts = try ParagraphTests.fonts()
    let latin = try TextLayout("abc", style: TextStyle(), width: 300, fonts: fonts)
    XCTAssertEqual(latin.glyphs[0].x, 0)
    let hebrew = try TextLayout("אבג", style: TextStyle(), width: 300, fonts: fonts)
    XCTAssertEqual(hebrew.glyphs[0].x + hebrew.width, 300, accuracy: 0.01)
    let centered = try TextLayout(
      "abc", style: TextStyle(alignment: .center), width: 300, fonts: fonts)
    XCTAssertEqual(2 * centered.glyphs[0].x + centered.width, 300, accuracy: 0.01)
  }

  func testBaselinesStandOneLineApartAndInsideTheBox() throws {
    let fonts = try ParagraphTests.fonts()
    let style = TextStyle(pixelSize: 20)
    let metrics = try fonts.face(style.font).lineMetrics(pixelSize: 20)
    let layout = try TextLayout("a\n\nb", style: style, width: 300, fonts: fonts)
    XCTAssertEqual(layout.lineCount, 3)
    let lineHeight = metrics.ascent + metrics.descent
    XCTAssertEqual(
      layout.glyphs.map(\.baseline), [metrics.ascent, metrics.ascent + 2 * lineHeight])
    XCTAssertEqual(layout.height, 3 * lineHeight)
  }

  func testALineIsAsHighAsItsHighestFace() throws {
    let fonts = try ParagraphTests.fonts()
    let plain = try TextLayout("a", style: TextStyle(), width: 300, fonts: fonts)
    let mixed = try TextLayout("a漢", style: TextStyle(), width: 300, fonts: fonts)
    XCTAssertGreaterThan(mixed.height, plain.height)
    XCTAssertEqual(Set(mixed.glyphs.map(\.baseline)).count, 1)
  }

  func testNothingTakesOneEmptyLine() throws {
    let layout = try TextLayout("", style: TextStyle(), width: 300, fonts: ParagraphTests.fonts())
    XCTAssertEqual(layout.lineCount, 1)
    XCTAssertTrue(layout.glyphs.isEmpty)
    XCTAssertGreaterThan(layout.height, 0)
  }
}

import Foundation
import SystemPackage
import TexAllocText
import XCTest

final class FontFaceTests: XCTestCase {
  func testWhatIsNoFontIsATypedErrorThatNamesIt() throws {
    let folder = FileManager.default.temporaryDirectory
      .appendingPathComponent("FontFaceTests-\(UUID())").path
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let contents = ["empty": "", "short": "\0", "png": "\u{89}PNG\r\n\u{1A}\n", "text": "a text"]
    for (name, text) in contents {
      let path = "\(folder)/\(name)"
      XCTAssertTrue(FileManager.default.createFile(atPath: path, contents: Data(text.utf8)))
      assert(opening: path, throws: .notAFont(font: path))
    }
    assert(opening: folder, throws: .unreadable(font: folder, .isDirectory))
    let missing = folder + "/missing"
    assert(opening: missing, throws: .unreadable(font: missing, .noSuchFileOrDirectory))
  }

  func testAFaceThatTheFileLacksIsATypedError() throws {
    let path = try TestFonts.path("DejaVu Sans")
    XCTAssertThrowsError(try FontFace(contentsOf: FilePath(path), index: 1, in: FontLibrary())) {
      XCTAssertEqual($0 as? FontError, .noSuchFace(font: path, index: 1))
    }
  }

  func testAFontOfColourBitmapsIsUnsupported() throws {
    let path = try TestFonts.path("Noto Color Emoji")
    assert(opening: path, throws: .unsupported(font: path, what: "colour glyphs"))
  }

  func testAFaceKnowsItsCharactersAndItsLines() throws {
    let face = try TestFonts.dejaVuSans()
    XCTAssertEqual(face.familyName, "DejaVu Sans")
    XCTAssertTrue(face.isScalable)
    XCTAssertNotNil(face.glyph(for: "א"))
    XCTAssertNil(face.glyph(for: "漢"))
    let metrics = try face.lineMetrics(pixelSize: 20)
    XCTAssertEqual(metrics.ascent, 19)
    XCTAssertEqual(metrics.descent, 5)
    XCTAssertGreaterThanOrEqual(metrics.lineHeight, 23)
  }

  func testAFontInMemoryIsTheSameAsItsFile() throws {
    let bytes = try TestFonts.bytes("DejaVu Sans")
    let face = try FontFace(bytes: bytes.span, named: "memory", in: FontLibrary())
    XCTAssertEqual(face.name, "memory")
    XCTAssertEqual(face.glyph(for: "A"), try TestFonts.dejaVuSans().glyph(for: "A"))
    XCTAssertNotEqual(face.source, try TestFonts.dejaVuSans().source)
  }

  private func assert(
    opening path: String, throws expected: FontError, file: StaticString = #filePath,
    line: UInt = #line
  ) {
    XCTAssertThrowsError(
      try FontFace(contentsOf: FilePath(path), in: FontLibrary()), file: file, line: line
    ) { XCTAssertEqual($0 as? FontError, expected, file: file, line: line) }
  }
}

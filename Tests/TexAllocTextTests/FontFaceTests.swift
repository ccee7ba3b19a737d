import CFreeType
import Foundation
import SystemPackage
import XCTest

@testable import TexAllocText

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

  func testAdvancesAreThoseOfFreeTypeItself() throws {
    for (name, units) in [("DejaVu Sans", 2048), ("Noto Sans Devanagari", 1000)] {
      let face = try FontFace(contentsOf: FilePath(TestFonts.path(name)), in: FontLibrary())
      XCTAssertEqual(unsafe Int(face.handle.pointee.units_per_EM), units)
      for (hinting, pixels) in [(.none, 11), (.none, 63.5), (.light, 16)] as [(Hinting, Double)] {
        let size = try face.size(pixels: pixels)
        let flags = hinting.loadFlags | Int32(FT_LOAD_NO_BITMAP)
        for glyph in 0..<UInt32(face.glyphCount) {
          let shape = try face.load(glyph, size: size, mode: GlyphMode(hinting: hinting))
          XCTAssertEqual(unsafe FT_Load_Glyph(face.handle, glyph, flags), 0)
          let advance = unsafe face.handle.pointee.glyph.pointee.linearHoriAdvance
          XCTAssertEqual(shape.advance, Double(advance) / 65536, "\(name), glyph \(glyph)")
        }
      }
    }
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

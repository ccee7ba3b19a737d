import Foundation
import TexAlloc
import TexAllocAtlas
import XCTest

@testable import TexAllocText

/// Glyphs that FreeType does not fill in place: bitmaps, and outlines whose contours overlap.
final class BitmapGlyphTests: XCTestCase {
  func testAFontOfBlackAndWhiteBitmapsIsCopied() throws {
    let face = try bitmapFace()
    XCTAssertFalse(face.isScalable)
    let cache = GlyphCache(in: try TexturePool(for: []))
    let glyph = try cache.glyph(XCTUnwrap(face.glyph(for: "A")), of: face, pixelSize: 4)
    try cache.flush()
    let image = ReferenceGlyph(glyph, from: cache)
    XCTAssertEqual([image.left, image.top, image.width, image.height], [1, 2, 10, 3])
    let rows = ["#.#.....##", "..........", "##########"]
    XCTAssertEqual(image.pixels, rows.joined().map { $0 == "#" ? 255 : 0 })
    XCTAssertEqual(glyph.advance, 11)
  }

  func testABitmapFontOfAnotherSizeIsUnsupported() throws {
    let face = try bitmapFace()
    let cache = GlyphCache(in: try TexturePool(for: []))
    XCTAssertThrowsError(try cache.glyph(1, of: face, pixelSize: 16)) {
      XCTAssertEqual($0 as? FontError, .unsupportedSize(font: "BDF", pixelSize: 16))
    }
  }

  func testBitmapsOfFewGreysAreUnsupportedAndTakeNoPlace() throws {
    let face = try bitmapFace(bitsPerPixel: 2)
    let cache = GlyphCache(in: try TexturePool(for: []))
    XCTAssertThrowsError(try cache.glyph(XCTUnwrap(face.glyph(for: "A")), of: face, pixelSize: 4)) {
      guard case FontError.unsupported = $0 else { return XCTFail("\($0)") }
    }
    XCTAssertEqual(cache.pages.count, 0)
  }

  func testOverlappingContoursAreSmoothedAsFreeTypeDoes() throws {
    let plain = try TestFonts.dejaVuSans()
    let index = try XCTUnwrap(plain.glyph(for: "g"))
    let bytes = try TestFonts.markingOverlap(of: index, in: TestFonts.bytes("DejaVu Sans"))
    let marked = try FontFace(bytes: bytes.span, named: "overlap", in: FontLibrary())
    let cache = GlyphCache(in: try TexturePool(for: []), hinting: .none)
    for size in [11.0, 16, 50] {
      let glyph = try cache.glyph(index, of: marked, pixelSize: size)
      try cache.flush()
      let drawn = ReferenceGlyph(glyph, from: cache)
      XCTAssertEqual(
        drawn, try ReferenceGlyph(index, of: marked, pixelSize: size, hinting: .none))
      XCTAssertNotEqual(
        drawn, try ReferenceGlyph(index, of: plain, pixelSize: size, hinting: .none),
        "the mark has no effect")
    }
  }

  private func bitmapFace(bitsPerPixel: Int = 1) throws -> FontFace {
    let font = bitmapFont.replacingOccurrences(
      of: "SIZE 4 72 72", with: "SIZE 4 72 72 \(bitsPerPixel)")
    return try FontFace(bytes: Array(font.utf8).span, named: "BDF", in: FontLibrary())
  }

  /// One glyph of 10 x 3 pixels, for a size of 4.
  private let bitmapFont = """
    STARTFONT 2.1
    FONT -test-test-medium-r-normal--4-40-72-72-p-50-iso10646-1
    SIZE 4 72 72
    FONTBOUNDINGBOX 10 4 0 -1
    STARTPROPERTIES 4
    FONT_ASCENT 3
    FONT_DESCENT 1
    CHARSET_REGISTRY "ISO10646"
    CHARSET_ENCODING "1"
    ENDPROPERTIES
    CHARS 1
    STARTCHAR A
    ENCODING 65
    SWIDTH 500 0
    DWIDTH 11 0
    BBX 10 3 1 -1
    BITMAP
    A0C0
    0000
    FFC0
    ENDCHAR
    ENDFONT

    """
}

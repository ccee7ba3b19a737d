import CFreeType
import SystemPackage
import TestSupport
import TexAlloc
import TexAllocAtlas
import XCTest

@testable import TexAllocText

/// A font that is drawn in any weight, and leans as far as one likes.
final class VariableFontTests: XCTestCase {
  func testAGlyphIsDrawnAsFreeTypeDrawsItWhereverItsFaceStands() throws {
    for (weight, slant) in [(100.0, 0.0), (400, 0), (437.25, -4.5), (900, -10)] {
      let (face, reference) = (try face(["wght": weight, "slnt": slant]), try face())
      try set(reference, weight, slant)
      let cache = GlyphCache(in: try TexturePool(for: []))
      let glyphs = try TestFonts.glyphs(of: face, count: 150)
      for size in [11.0, 24] {
        let cached = try glyphs.map { try cache.glyph($0, of: face, pixelSize: size) }
        try cache.flush()
        for (index, glyph) in zip(glyphs, cached) {
          XCTAssertEqual(
            ReferenceGlyph(glyph, from: cache),
            try ReferenceGlyph(index, of: reference, pixelSize: size, hinting: .light),
            "glyph \(index), \(size) px, weight \(weight), slant \(slant)")
        }
      }
    }
  }

  func testWeightsAreToldApartAndFacesThatStandAlikeAreNot() throws {
    let cache = GlyphCache(in: try TexturePool(for: []))
    var cells: Set<AtlasCell> = []
    let places: [[String: Double]] = [
      [:], ["wght": 300], ["wght": 700], ["wght": 700, "slnt": -10], ["wght": 300],
    ]
    for axes in places {
      let face = try face(axes)
      let index = try XCTUnwrap(face.glyph(for: "H"))
      cells.insert(try XCTUnwrap(cache.glyph(index, of: face, pixelSize: 20).cell))
    }
    XCTAssertEqual(cells.count, 4)
  }

  func testWorkersDrawTheFaceWhereItStands() throws {
    let face = try face(["wght": 850, "slnt": -7])
    let cache = GlyphCache(in: try TexturePool(for: []), workers: CallingThread())
    let font = try cache.font(face, pixelSize: 22)
    let glyphs = try TestFonts.glyphs(of: face, count: 60)
    for glyph in glyphs { XCTAssertNil(try cache.glyphIfReady(glyph, of: font)) }
    try cache.flush()
    try cache.flush()
    let ready = try glyphs.map { try XCTUnwrap(cache.glyphIfReady($0, of: font)) }
    try cache.flush()
    for (index, glyph) in zip(glyphs, ready) {
      XCTAssertEqual(
        ReferenceGlyph(glyph, from: cache),
        try ReferenceGlyph(index, of: face, pixelSize: 22, hinting: .light))
    }
  }

  func testANamedInstanceStandsWhereTheFontSaysAndMayBeVariedFurther() throws {
    let plain = try face()
    let index = try XCTUnwrap(plain.glyph(for: "H"))
    func drawn(_ face: FontFace) throws -> ReferenceGlyph {
      try ReferenceGlyph(index, of: face, pixelSize: 40, hinting: .none)
    }
    // Inter's first instance is the thinnest.
    let (thin, leaning) = (try face(instance: 1), try face(["slnt": -10], instance: 1))
    XCTAssertEqual(try drawn(thin), try drawn(face(["wght": 100])))
    XCTAssertEqual(try drawn(leaning), try drawn(face(["wght": 100, "slnt": -10])))
    XCTAssertNotEqual(try drawn(thin), try drawn(plain))
  }

  func testWhatTheFontCannotDoIsATypedErrorOrAsNearAsItGoes() throws {
    let path = try TestFonts.path("Inter")
    assert(opening: path, ["wdth": 75], throws: .noSuchAxis(font: path, axis: "wdth"))
    let plain = try TestFonts.path("DejaVu Sans")
    assert(opening: plain, ["wght": 700], throws: .noSuchAxis(font: plain, axis: "wght"))
    XCTAssertThrowsError(try face(["wght": .nan])) {
      guard case FontError.noSuchPosition(path, "wght", _) = $0 else { return XCTFail("\($0)") }
    }
    for (far, near) in [(5_000, 900), (.infinity, 900), (-1e300, 100)] as [(Double, Double)] {
      let index = try XCTUnwrap(face().glyph(for: "H"))
      XCTAssertEqual(
        try ReferenceGlyph(index, of: face(["wght": far]), pixelSize: 40, hinting: .none),
        try ReferenceGlyph(index, of: face(["wght": near]), pixelSize: 40, hinting: .none))
    }
  }

  private func face(_ axes: [String: Double] = [:], instance: Int = 0) throws -> FontFace {
    try FontFace(
      contentsOf: FilePath(TestFonts.path("Inter")), index: instance << 16, axes: axes,
      in: FontLibrary())
  }

  /// Has FreeType itself vary a face: Inter's axes are weight and slant.
  private func set(_ face: FontFace, _ weight: Double, _ slant: Double) throws {
    var coordinates = [weight, slant].map { FT_Fixed(($0 * 65536).rounded()) }
    XCTAssertEqual(unsafe FT_Set_Var_Design_Coordinates(face.handle, 2, &coordinates), 0)
  }

  private func assert(
    opening path: String, _ axes: [String: Double], throws expected: FontError
  ) {
    XCTAssertThrowsError(
      try FontFace(contentsOf: FilePath(path), axes: axes, in: FontLibrary())
    ) { XCTAssertEqual($0 as? FontError, expected) }
  }
}

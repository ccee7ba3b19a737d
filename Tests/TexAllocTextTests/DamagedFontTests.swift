import TestSupport
import TexAlloc
import TexAllocText
import XCTest

/// Fonts come from anywhere: whatever their bytes are, there are glyphs or errors, and no crash.
final class DamagedFontTests: XCTestCase {
  func testTruncatedFontsGiveErrorsOrGlyphs() throws {
    let bytes = try TestFonts.bytes("DejaVu Sans")
    var outcome = Outcome()
    let short = Array(0..<40) + stride(from: 40, to: 4096, by: 97)
    let long = (1..<60).map { bytes.count * $0 / 60 }
    for count in short + long {
      try draw(Array(bytes.prefix(count)), named: "cut at \(count)", &outcome)
    }
    print("truncated: \(outcome)")
    XCTAssertGreaterThan(outcome.refused, 40)
  }

  func testMutatedFontsGiveErrorsOrGlyphs() throws {
    var outcome = Outcome()
    for font in ["DejaVu Sans", "Noto Sans Devanagari"] {
      let bytes = try TestFonts.bytes(font)
      for seed in 0..<60 as Range<UInt64> {
        var random = SplitMix64(seed: seed)
        var mutated = bytes
        // The tables begin with what is read first; half of the damage goes there.
        let end = Bool.random(using: &random) ? bytes.count : 2048
        for _ in 0..<Int.random(in: 1...200, using: &random) {
          mutated[Int.random(in: 0..<end, using: &random)] = UInt8.random(
            in: 0...255, using: &random)
        }
        try draw(mutated, named: "\(font), seed \(seed)", &outcome)
      }
    }
    print("mutated: \(outcome)")
    XCTAssertGreaterThan(outcome.drawn, 0)
    XCTAssertGreaterThan(outcome.refused, 0)
  }

  private struct Outcome {
    var refused = 0
    var drawn = 0
    var failedGlyphs = 0
  }

  private func draw(_ bytes: [UInt8], named name: String, _ outcome: inout Outcome) throws {
    let face: FontFace
    do {
      face = try FontFace(bytes: bytes.span, named: name, in: FontLibrary())
    } catch {
      XCTAssertTrue("\(error)".hasPrefix(name), "\(error)")
      outcome.refused += 1
      return
    }
    for hinting in [Hinting.none, .light] {
      let cache = GlyphCache(in: try TexturePool(for: []), hinting: hinting)
      for index in (0..<40 as Range<UInt32>).map({ $0 * 61 }) {
        for size in [12.0, 300] {
          do {
            _ = try cache.glyph(index, of: face, pixelSize: size)
            outcome.drawn += 1
          } catch {
            XCTAssertTrue("\(error)".hasPrefix(name), "\(error)")
            outcome.failedGlyphs += 1
          }
        }
      }
      try cache.flush()
    }
  }
}

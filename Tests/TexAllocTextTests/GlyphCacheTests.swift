import CFreeType
import TestSupport
import TexAlloc
import XCTest

@testable import TexAllocAtlas
@testable import TexAllocText

final class GlyphCacheTests: XCTestCase {
  func testPixelsOnThePageAreThoseOfFreeTypeItself() throws {
    let face = try TestFonts.dejaVuSans()
    for hinting in [Hinting.none, .light] {
      for size in [9.0, 12, 13.5, 16, 24, 41, 64] {
        let cache = GlyphCache(in: try TexturePool(for: []), hinting: hinting)
        let glyphs = try TestFonts.glyphs(of: face, count: 300).map {
          ($0, try cache.glyph($0, of: face, pixelSize: size))
        }
        try cache.flush()
        for (index, glyph) in glyphs {
          let expected = try ReferenceGlyph(index, of: face, pixelSize: size, hinting: hinting)
          XCTAssertEqual(
            ReferenceGlyph(glyph, from: cache), expected, "glyph \(index), \(size) px, \(hinting)")
        }
      }
    }
  }

  func testEverySizeOfTextIsDrawnInsideAnEmptyBorder() throws {
    let face = try TestFonts.dejaVuSans()
    let cache = GlyphCache(in: try TexturePool(for: []))
    let index = try XCTUnwrap(face.glyph(for: "g"))
    var glyphs: [CachedGlyph] = []
    for size in 6...96 {
      glyphs.append(try cache.glyph(index, of: face, pixelSize: Double(size)))
    }
    try cache.flush()
    for (page, number) in zip(cache.atlas.pages, 0...) {
      var inked = [Bool](repeating: false, count: 1024 * 1024)
      for case let cell? in glyphs.map(\.cell) where cell.page == number {
        for y in cell.rectangle.rows {
          for x in cell.rectangle.columns { inked[y * 1024 + x] = true }
        }
      }
      try page.buffer.withContents { span in
        for index in span.indices where !inked[index] { XCTAssertEqual(span[index], 0) }
      }
    }
    for (size, glyph) in zip(6..., glyphs) {
      let cell = try XCTUnwrap(glyph.cell)
      XCTAssertGreaterThan(cell.rectangle.height, size / 2)
      XCTAssertLessThan(cell.rectangle.height, size * 5 / 4 + 2)
    }
  }

  func testSecondLookUpDrawsNothing() throws {
    let face = try TestFonts.dejaVuSans()
    let cache = GlyphCache(in: try TexturePool(for: []))
    let glyphs = try TestFonts.glyphs(of: face, count: 200)
    let first = try glyphs.map { try cache.glyph($0, of: face, pixelSize: 16) }
    let count = cache.statistics.rasterized
    XCTAssertGreaterThan(try cache.flush().byteCount, 0)
    XCTAssertEqual(try glyphs.map { try cache.glyph($0, of: face, pixelSize: 16) }, first)
    XCTAssertEqual(cache.statistics.rasterized, count)
    XCTAssertEqual(try cache.flush(), AtlasFlush())
  }

  func testSourcesAndSizesAreToldApartAndFacesOfOneSourceAreNot() throws {
    let library = try FontLibrary()
    let faces = try ["DejaVu Sans", "Noto Sans Devanagari", "DejaVu Sans"].map {
      try FontFace(contentsOf: FilePath(TestFonts.path($0)), in: library)
    }
    let cache = GlyphCache(in: try TexturePool(for: []))
    let index: UInt32 = 36
    var cells: Set<AtlasCell> = []
    for face in faces {
      for size in [12, 12.5, 13] {
        cells.insert(try XCTUnwrap(cache.glyph(index, of: face, pixelSize: size).cell))
      }
    }
    XCTAssertEqual(cells.count, 6)
  }

  func testGlyphsWithoutInkTakeNoCell() throws {
    let face = try TestFonts.dejaVuSans()
    let pool = try TexturePool(for: [])
    let cache = GlyphCache(in: pool)
    let space = try cache.glyph(XCTUnwrap(face.glyph(for: " ")), of: face, pixelSize: 16)
    XCTAssertNil(space.cell)
    XCTAssertEqual(space.advance, 5.0859375, accuracy: 0.01)
    XCTAssertEqual(pool.statistics.slots, 0)
  }

  func testTheCacheGrowsByPages() throws {
    let face = try TestFonts.dejaVuSans()
    let pool = try TexturePool(for: [])
    let cache = GlyphCache(in: pool, pageSize: ImageSize(width: 256, height: 256))
    let glyphs = try TestFonts.glyphs(of: face, count: 300)
    for glyph in glyphs { _ = try cache.glyph(glyph, of: face, pixelSize: 32) }
    XCTAssertGreaterThan(cache.atlas.pages.count, 2)
    XCTAssertEqual(try cache.flush().pages, cache.pages.count)
    for glyph in glyphs {
      XCTAssertEqual(
        ReferenceGlyph(try cache.glyph(glyph, of: face, pixelSize: 32), from: cache),
        try ReferenceGlyph(glyph, of: face, pixelSize: 32, hinting: .light))
    }
  }

  func testAPageHoldsWhatWasDrawnAfterEveryFlushWhileGlyphsComeAndGo() throws {
    let cache = GlyphCache(
      in: try TexturePool(for: [GlyphCache.component]),
      pageSize: ImageSize(width: 1024, height: 1024), pageLimit: 1)
    let face = try TestFonts.dejaVuSans()
    let glyphs = try TestFonts.glyphs(of: face, count: 700)
    var random = SplitMix64(seed: 12)
    for frame in 0..<40 {
      let size = Double(Int.random(in: 20...60, using: &random))
      let font = try cache.font(face, pixelSize: size)
      var drawn: [(UInt32, CachedGlyph)] = []
      for _ in 0..<120 {
        let index = try XCTUnwrap(glyphs.randomElement(using: &random))
        drawn.append((index, try cache.glyph(index, of: font)))
      }
      try cache.flush()
      for (index, glyph) in drawn {
        XCTAssertEqual(
          ReferenceGlyph(glyph, from: cache),
          try ReferenceGlyph(index, of: face, pixelSize: size, hinting: .light), "frame \(frame)")
      }
      let page = cache.pages[0]
      let held = try page.buffer.withContents { span in
        unsafe span.withUnsafeBufferPointer { unsafe Array($0) }
      }
      let (expected, pitch) = (page.pixels, page.buffer.layout.planes[0].pitch)
      for case let cell? in cache.glyphs(onPage: 0).map(\.cell) {
        let outer = cell.rectangle.inset(by: -1)
        for y in outer.rows {
          let columns = { (pitch: Int) in y * pitch + outer.x..<y * pitch + outer.x + outer.width }
          XCTAssertEqual(held[columns(pitch)], expected[columns(1024)], "frame \(frame), \(cell)")
        }
      }
    }
    XCTAssertGreaterThan(cache.statistics.evicted, 2_000)
  }

  func testWhatIsTooLargeIsATypedErrorAndLeavesTheCacheAsItWas() throws {
    let face = try TestFonts.dejaVuSans()
    let pool = try TexturePool(for: [])
    let cache = GlyphCache(in: pool, pageSize: ImageSize(width: 1024, height: 1024))
    let index = try XCTUnwrap(face.glyph(for: "W"))
    XCTAssertThrowsError(try cache.glyph(index, of: face, pixelSize: 10_000)) {
      guard case FontError.noPlace(_, index, .tooLarge) = $0 else { return XCTFail("\($0)") }
    }
    for size in [0, -1, 0.5, 20_000, .infinity, .nan] {
      XCTAssertThrowsError(try cache.glyph(index, of: face, pixelSize: size)) {
        guard case FontError.unsupportedSize = $0 else { return XCTFail("\($0)") }
      }
    }
    XCTAssertThrowsError(try cache.glyph(1_000_000, of: face, pixelSize: 16)) {
      XCTAssertEqual($0 as? FontError, .noSuchGlyph(font: face.name, glyph: 1_000_000))
    }
    XCTAssertEqual(cache.count, 0)
    XCTAssertEqual(pool.statistics.slots, 0)
  }
}

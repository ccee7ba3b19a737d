import TestSupport
import TexAlloc
import TexAllocAtlas
import XCTest

@testable import TexAllocText

/// Glyphs in other modes and between pixels, labels, and what workers draw.
final class DrawnAheadTests: XCTestCase {
  func testGlyphsBetweenPixelsAreThoseOfFreeTypeItself() throws {
    let face = try TestFonts.dejaVuSans()
    for hinting in [Hinting.none, .light] {
      let cache = GlyphCache(in: try TexturePool(for: []), hinting: hinting)
      let font = try cache.font(face, pixelSize: 15)
      for index in try TestFonts.glyphs(of: face, count: 80) {
        for number in 0..<16 {
          let quarters = Quarters(x: number % 4, y: hinting == .none ? number / 4 : 0)
          let glyph = try cache.glyph(index, of: font, at: quarters)
          try cache.flush()
          XCTAssertEqual(
            ReferenceGlyph(glyph, from: cache),
            try ReferenceGlyph(
              index, of: face, pixelSize: 15, hinting: hinting, quarters: quarters),
            "glyph \(index), \(quarters)")
        }
      }
    }
  }

  func testBoldAndSlantedGlyphsAreKeptBesideThePlain() throws {
    let face = try TestFonts.dejaVuSans()
    let cache = GlyphCache(in: try TexturePool(for: []))
    let index = try XCTUnwrap(face.glyph(for: "l"))
    let modes = [GlyphMode(), GlyphMode(embolden: 1), GlyphMode(slant: 0.25)]
    let glyphs = try modes.map {
      try cache.glyph(index, of: cache.font(face, pixelSize: 32, mode: $0))
    }
    try cache.flush()
    let images = glyphs.map { ReferenceGlyph($0, from: cache) }
    let ink = images.map { $0.pixels.reduce(0) { $0 + Int($1) } }
    XCTAssertGreaterThan(Double(ink[1]), Double(ink[0]) * 1.2)
    XCTAssertEqual(glyphs[1].advance, glyphs[0].advance + 1, accuracy: 0.01)
    XCTAssertEqual(Double(ink[2]), Double(ink[0]), accuracy: Double(ink[0]) * 0.02)
    XCTAssertEqual(images[2].width, images[0].width + images[0].height / 4, accuracy: 1)
    XCTAssertEqual(cache.count, 3)
  }

  func testALabelIsAQuadForEachLetterFromLeftToRight() throws {
    let cache = GlyphCache(in: try TexturePool(for: []))
    let font = try cache.font(TestFonts.dejaVuSans(), pixelSize: 16)
    let quads = try cache.quads(of: "a bc", in: font, x: 10.2, y: 30)
    XCTAssertEqual(quads.count, 3)
    XCTAssertEqual(quads.map(\.x), quads.map(\.x).sorted())
    let advance = try cache.glyph(XCTUnwrap(font.face.glyph(for: "a")), of: font).advance
    let pen = PenPosition(x: 10.2, y: 30)
    XCTAssertEqual([pen.x, pen.quarters.x, pen.y], [10, 1, 30])
    XCTAssertEqual(quads[0].x, 10, accuracy: 2)
    XCTAssertGreaterThan(Double(quads[1].x), 10.2 + advance)
    XCTAssertLessThan(quads[0].y, 30)
  }

  func testWhatIsNotThereIsDrawnByWorkersAndIsTheSame() throws {
    for workers in [CallingThread(), try WorkerThreads(2)] as [any Workers] {
      let device = SamplingDevice()
      let pool = try TexturePool(for: [device, GlyphCache.component])
      let cache = GlyphCache(in: pool, for: device, workers: workers)
      let face = try TestFonts.dejaVuSans()
      let font = try cache.font(face, pixelSize: 18)
      let glyphs = try TestFonts.glyphs(of: face, count: 300)
      var list = GlyphDrawList()
      var frames = 0
      repeat {
        list.removeAll()
        for index in glyphs {
          try list.add(index, of: font, at: PenPosition(x: 0, y: 0), from: cache, waits: false)
        }
        if frames == 0 { XCTAssertEqual(list.notReady, glyphs.count) }
        try cache.flush()
        frames += 1
        usleep(2_000)
      } while list.notReady > 0 && frames < 2_000
      XCTAssertEqual(cache.statistics.rasterized, glyphs.count)
      for index in glyphs {
        XCTAssertEqual(
          ReferenceGlyph(try cache.glyph(index, of: font), from: cache),
          try ReferenceGlyph(index, of: face, pixelSize: 18, hinting: .light))
      }
      XCTAssertEqual(cache.statistics.rasterized, glyphs.count)
    }
  }

  func testWhatWorkersCannotDrawIsAnErrorWhenItIsAskedForAgain() throws {
    let cache = GlyphCache(in: try TexturePool(for: []))
    let font = try cache.font(TestFonts.dejaVuSans(), pixelSize: 18)
    XCTAssertNil(try cache.glyphIfReady(1_000_000, of: font))
    for _ in 0..<2 { try cache.flush() }
    for _ in 0..<2 {
      XCTAssertThrowsError(try cache.glyphIfReady(1_000_000, of: font)) {
        XCTAssertEqual(
          $0 as? FontError, .noSuchGlyph(font: font.face.name, glyph: 1_000_000))
      }
    }
  }

  func testTheFlushTellsTheDeviceWhatChangedAndNothingElse() throws {
    let device = SamplingDevice()
    let cache = GlyphCache(
      in: try TexturePool(for: [device, GlyphCache.component]), for: device)
    let font = try cache.font(TestFonts.dejaVuSans(), pixelSize: 20)
    _ = try cache.quads(of: "first", in: font, x: 0, y: 0)
    XCTAssertNil(cache.pages[0].texture(on: device), "it has nothing to show yet")
    try cache.flush()
    let copy = try XCTUnwrap(cache.pages[0].texture(on: device))
    XCTAssertEqual(copy.changes, [])
    try cache.flush()
    XCTAssertEqual(copy.changes, [])
    let later = try cache.quads(of: "WX", in: font, x: 0, y: 0)
    try cache.flush()
    XCTAssertEqual(copy.changes.count, 1)
    let rows = try XCTUnwrap(copy.changes.first)
    XCTAssertTrue(later.allSatisfy { rows.contains($0.texels.y) })
    XCTAssertLessThan(rows.count, 60)
  }

  func testWhatADeviceWasNotToldOfItIsToldLater() throws {
    let device = SamplingDevice()
    let cache = GlyphCache(
      in: try TexturePool(for: [device, GlyphCache.component]), for: device)
    let font = try cache.font(TestFonts.dejaVuSans(), pixelSize: 20)
    _ = try cache.quads(of: "first", in: font, x: 0, y: 0)
    device.isLost = true
    XCTAssertThrowsError(try cache.flush())
    device.isLost = false
    try cache.flush()
    let copy = try XCTUnwrap(cache.pages[0].texture(on: device))
    XCTAssertTrue(copy.pixels.contains(255))
  }

  func testAFrameOfKnownGlyphsAsksForNoFence() throws {
    let device = SamplingDevice()
    let cache = GlyphCache(
      in: try TexturePool(for: [device, GlyphCache.component]), for: device)
    let font = try cache.font(TestFonts.dejaVuSans(), pixelSize: 20)
    for _ in 0..<30 {
      _ = try cache.quads(of: "again", in: font, x: 0, y: 0)
      try cache.flush()
    }
    XCTAssertEqual(device.fenceCount, 1)
  }

  func testFencesAreMadeWhereGlyphsMayHaveToGo() throws {
    for (limit, fences) in [(nil, 3), (4, 30)] as [(Int?, Int)] {
      let device = SamplingDevice()
      let cache = GlyphCache(
        in: try TexturePool(for: [device, GlyphCache.component]), for: device, pageLimit: limit)
      let font = try cache.font(TestFonts.dejaVuSans(), pixelSize: 20)
      for glyph in try TestFonts.glyphs(of: font.face, count: 30) {
        _ = try cache.glyph(glyph, of: font)
        try cache.flush()
      }
      XCTAssertEqual(device.fenceCount, fences)
    }
  }

  func testEveryFrameIsFencedAfterOneThatWasStarved() throws {
    let device = SamplingDevice()
    let cache = GlyphCache(
      in: try TexturePool(
        for: [device, GlyphCache.component],
        limits: PoolLimits(firstSlab: 1 << 20, budget: 1 << 20)),
      for: device, pageSize: ImageSize(width: 128, height: 128))
    let face = try TestFonts.dejaVuSans()
    let index = try XCTUnwrap(face.glyph(for: "W"))
    var count = 0
    func addGlyph() throws {
      let mode = GlyphMode(slant: Double(count) / 100_000)
      _ = try cache.glyph(index, of: cache.font(face, pixelSize: 80, mode: mode))
      count += 1
    }
    XCTAssertThrowsError(try { while true { try addGlyph() } }()) {
      guard case FontError.full = $0 else { return XCTFail("\($0)") }
    }
    for flushes in 1...4 {
      try cache.flush()
      XCTAssertEqual(device.fenceCount, flushes)
      if flushes == 1 { XCTAssertThrowsError(try addGlyph()) } else { try addGlyph() }
    }
  }

  func testALargeGlyphHasAPageOfItsOwnSize() throws {
    let device = SamplingDevice()
    let cache = GlyphCache(
      in: try TexturePool(for: [device, GlyphCache.component]), for: device)
    let face = try TestFonts.dejaVuSans()
    let index = try XCTUnwrap(face.glyph(for: "W"))
    let cell = try XCTUnwrap(try cache.glyph(index, of: face, pixelSize: 1500).cell)
    XCTAssertGreaterThan(cell.rectangle.width, 1024)
    XCTAssertLessThan(cache.pages[0].size.height, 1200)
    XCTAssertThrowsError(try cache.glyph(index, of: face, pixelSize: 3000)) {
      guard case FontError.noPlace(_, index, .tooLarge) = $0 else { return XCTFail("\($0)") }
    }
  }
}

import TestSupport
import TexAlloc
import TexAllocAtlas
import XCTest

@testable import TexAllocText

/// What goes when there is no room, and what never does.
final class EvictionTests: XCTestCase {
  /// Pixels of pages of which few rows are cleared at once, and more.
  private let sides = [128, 256]

  func testAGlyphOfTheFrameThatIsBuiltNeverGoesAndAFullCacheSaysSo() throws {
    let cache = try smallCache()
    let face = try TestFonts.dejaVuSans()
    let font = try cache.font(face, pixelSize: 20)
    var kept: [(UInt32, CachedGlyph)] = []
    let glyphs = try TestFonts.glyphs(of: face, count: 400)
    XCTAssertThrowsError(
      try {
        for index in glyphs { kept.append((index, try cache.glyph(index, of: font))) }
      }()
    ) {
      guard case FontError.full = $0 else { return XCTFail("\($0)") }
    }
    XCTAssertGreaterThan(kept.count, 15)
    for (_, glyph) in kept { XCTAssertTrue(cache.use(glyph)) }
    try cache.flush()
    for (index, glyph) in kept {
      XCTAssertEqual(
        ReferenceGlyph(glyph, from: cache),
        try ReferenceGlyph(index, of: face, pixelSize: 20, hinting: .light))
    }
  }

  func testAFullCacheHasRoomAfterTwoFlushesAtMostAndEveryGlyphIsRight() throws {
    for side in sides { try assertRoomAfterTwoFlushes(side: side) }
  }

  private func assertRoomAfterTwoFlushes(side: Int) throws {
    let device = SamplingDevice()
    let cache = try smallCache(side: side, for: device)
    let face = try TestFonts.dejaVuSans()
    let font = try cache.font(face, pixelSize: 20)
    var batch: [(UInt32, CachedGlyph)] = []
    for index in try TestFonts.glyphs(of: face, count: 1_200) {
      var flushes = 0
      while true {
        do {
          batch.append((index, try cache.glyph(index, of: font)))
          break
        } catch FontError.full {
          flushes += 1
          XCTAssertLessThanOrEqual(flushes, 2)
          try cache.flush()
          try assertShown(batch, of: face, by: device, cache)
          batch = []
        }
      }
    }
    XCTAssertEqual(cache.pages.count, 1)
    XCTAssertGreaterThan(cache.statistics.evicted, 300)
    XCTAssertEqual(cache.count, cache.statistics.rasterized - cache.statistics.evicted)
  }

  func testNothingGoesThatTheGPUMayStillDraw() throws {
    for side in sides { try assertNothingGoesThatMayBeDrawn(side: side) }
  }

  private func assertNothingGoesThatMayBeDrawn(side: Int) throws {
    let device = SamplingDevice()
    let cache = try smallCache(side: side, for: device)
    let font = try cache.font(TestFonts.dejaVuSans(), pixelSize: 20)
    let glyphs = try TestFonts.glyphs(of: font.face, count: 1_200)
    device.isFast = false
    var first: [CachedGlyph] = []
    for index in glyphs.prefix(10) { first.append(try cache.glyph(index, of: font)) }
    for _ in 0..<5 { try cache.flush() }
    var count = 10
    while (try? cache.glyph(glyphs[count], of: font)) != nil { count += 1 }
    XCTAssertEqual(cache.statistics.evicted, 0)
    XCTAssertTrue(first.allSatisfy { cache.glyphs(onPage: 0).contains($0) })
    device.isFast = true
    try cache.flush()
    XCTAssertTrue(glyphs[count...].contains { (try? cache.glyph($0, of: font)) != nil })
    XCTAssertGreaterThan(cache.statistics.evicted, 0)
  }

  func testRowsGoInTurnButForGlyphsInUse() throws {
    let cache = try smallCache(side: 256)
    let face = try TestFonts.dejaVuSans()
    let index = try XCTUnwrap(face.glyph(for: "H"))
    func glyph(_ number: Int) throws -> CachedGlyph {
      let mode = GlyphMode(slant: Double(number) / 100_000)
      return try cache.glyph(index, of: cache.font(face, pixelSize: 20, mode: mode))
    }
    func rows(_ glyph: CachedGlyph) -> Range<Int> {
      guard let cell = glyph.cell else { return 0..<0 }
      return cell.rectangle.y - 1..<cell.rectangle.rows.upperBound + 1
    }
    var glyphs: [CachedGlyph] = []
    func draw(while condition: () -> Bool, using used: [CachedGlyph] = []) throws {
      while condition() {
        for glyph in used { XCTAssertTrue(cache.use(glyph), "it is in use") }
        glyphs.append(try glyph(glyphs.count))
        try cache.flush()
      }
    }
    try draw { cache.statistics.evicted == 0 }
    let first = glyphs.filter { !cache.use($0) }
    XCTAssertEqual(first.count, cache.statistics.evicted)
    XCTAssertTrue(first.allSatisfy { rows($0).lowerBound == 0 })
    XCTAssertEqual(rows(try XCTUnwrap(glyphs.last)).lowerBound, 0)

    let hot = try XCTUnwrap(glyphs.first { rows($0).lowerBound == rows(first[0]).upperBound })
    let before = ReferenceGlyph(hot, from: cache)
    try draw(while: { cache.statistics.evicted == first.count }, using: [hot])
    let second = glyphs.filter { !cache.use($0) }.dropFirst(first.count)
    XCTAssertGreaterThan(second.count, 5)
    XCTAssertTrue(second.allSatisfy { rows($0) == rows(hot) }, "it is their turn, but for one")
    try draw(while: { cache.statistics.evicted == first.count + second.count }, using: [hot])
    XCTAssertEqual(ReferenceGlyph(hot, from: cache), before)
  }

  func testTextThatScrollsThroughASmallCacheIsDrawnOnce() throws {
    let face = try TestFonts.dejaVuSans()
    let glyphs = try TestFonts.glyphs(of: face, count: 2_000)
    let side = 512
    var random = SplitMix64(seed: 6)
    let cache = GlyphCache(
      in: try TexturePool(for: [GlyphCache.component]), for: SamplingDevice(),
      pageSize: ImageSize(width: side, height: side), pageLimit: 2, hinting: .none)
    // Paragraphs that share no glyph, of which one comes in each frame and another goes.
    var paragraphs: [[(index: UInt32, font: SizedFont)]] = []
    var (count, shares) = (0, [] as [Double])
    for frame in 0..<200 {
      let font = try cache.font(face, pixelSize: 11 + Double(frame * 31 % 200) * 18 / 200)
      let text = Set((0..<40).map { _ in glyphs.randomElement(using: &random) ?? 0 })
      count += text.count
      paragraphs.append(text.sorted().map { ($0, font) })
      let drawn = try paragraphs.joined().map { try cache.glyph($0.index, of: $0.font) }
      try cache.flush()
      // About half of the pages is in use.
      var area = cache.atlas.area(of: drawn.compactMap(\.cell))
      while area > side * side {
        area -= area / paragraphs.count
        paragraphs.removeFirst()
      }
      guard cache.statistics.evicted > 0 else { continue }
      shares.append(cache.pages.reduce(0) { $0 + $1.occupancy } / 2)
    }
    let share = shares.reduce(0, +) / Double(shares.count)
    print("text that scrolls through a small cache: \((share * 1000).rounded() / 10) % in use")
    XCTAssertGreaterThan(share, 0.8)
    XCTAssertGreaterThan(shares.count, 100)
    XCTAssertEqual(cache.statistics.rasterized, count)
  }

  func testGlyphsWithoutInkGoWithOthersAndTheirFontsToo() throws {
    let cache = try smallCache()
    let face = try TestFonts.dejaVuSans()
    let (space, letter) = (try XCTUnwrap(face.glyph(for: " ")), try XCTUnwrap(face.glyph(for: "H")))
    for number in 0..<2_000 {
      let font = try cache.font(face, pixelSize: 12 + Double(number) / 64)
      XCTAssertNil(try cache.glyph(space, of: font).cell)
      _ = try cache.glyph(letter, of: cache.font(face, pixelSize: 20 + Double(number % 500) / 64))
      try cache.flush()
    }
    XCTAssertLessThan(cache.count, 300)
    XCTAssertLessThan(cache.storedFonts, 600)
  }

  func testMixedSizesThatEvictEachOtherKeepPagesAsFullAsBefore() throws {
    let latin = try TestFonts.dejaVuSans()
    let latins = try TestFonts.glyphs(of: latin, count: 700)
    for (pages, least) in [(1, 0.85), (4, 0.87)] {
      var random = SplitMix64(seed: 4)
      let cache = GlyphCache(
        in: try TexturePool(for: [GlyphCache.component]),
        pageSize: ImageSize(width: 1024, height: 1024), pageLimit: pages, hinting: .none)
      var shares: [Double] = []
      while cache.statistics.evicted < pages * 4_000 {
        let font = try cache.font(latin, pixelSize: Double.random(in: 12...48, using: &random))
        for _ in 0..<50 {
          _ = try cache.glyph(XCTUnwrap(latins.randomElement(using: &random)), of: font)
        }
        try cache.flush()
        guard cache.statistics.evicted > pages * 1_000 else { continue }
        shares.append(cache.pages.reduce(0) { $0 + $1.occupancy } / Double(pages))
      }
      let share = shares.reduce(0, +) / Double(shares.count)
      print("evicting mixed sizes, \(pages) pages: \((share * 1000).rounded() / 10) % in use")
      XCTAssertGreaterThan(share, least)
    }
  }

  func testAGlyphThatWentIsNotTakenForTheOneInItsPlace() throws {
    let cache = try smallCache()
    let font = try cache.font(TestFonts.dejaVuSans(), pixelSize: 20)
    let glyphs = try TestFonts.glyphs(of: font.face, count: 400)
    let first = try cache.glyph(glyphs[0], of: font)
    for index in glyphs.dropFirst() {
      do { _ = try cache.glyph(index, of: font) } catch FontError.full { try cache.flush() }
    }
    XCTAssertFalse(cache.use(first))
    let again = try cache.glyph(glyphs[0], of: font)
    XCTAssertNotEqual(again, first)
    XCTAssertTrue(cache.use(again))
  }

  func testPagesThatStayEmptyAreGivenBack() throws {
    let pool = try TexturePool(for: [])
    let atlas = Atlas(in: pool, page: ImageDescriptor(width: 64, height: 64, formats: [.r8]))
    let cells = try (0..<3).map { _ in try atlas.insert(width: 62, height: 62) }
    atlas.remove(cells[1])
    for flush in 0..<Atlas.patience {
      XCTAssertEqual(atlas.pages.map(\.number), [0, 1, 2], "after \(flush)")
      try atlas.flush()
    }
    XCTAssertEqual(atlas.pages.map(\.number), [0, 2])
    XCTAssertEqual(pool.statistics.slots, 2)
    XCTAssertEqual(try atlas.insert(width: 62, height: 62).page, 1)
  }

  func testALongRunOfRandomSizesKeepsMemoryFlat() throws {
    let device = SamplingDevice()
    let pool = try TexturePool(for: [device, GlyphCache.component])
    let cache = GlyphCache(
      in: pool, for: device, pageSize: ImageSize(width: 128, height: 128), pageLimit: 2)
    let face = try TestFonts.dejaVuSans()
    let glyphs = try TestFonts.glyphs(of: face, count: 200)
    var random = SplitMix64(seed: 9)
    let frames = 2_000
    var middle = 0
    for frame in 0..<frames {
      // Nobody holds on to these fonts.
      let font = try cache.font(face, pixelSize: Double.random(in: 6...30, using: &random))
      for _ in 0..<8 {
        do {
          _ = try cache.glyph(XCTUnwrap(glyphs.randomElement(using: &random)), of: font)
        } catch FontError.full { try cache.flush() }
      }
      try cache.flush()
      if frame == frames / 2 { middle = cache.storedEntries }
    }
    XCTAssertEqual(pool.statistics.slots, 2)
    XCTAssertLessThan(cache.storedEntries, middle * 5 / 4)
    XCTAssertLessThan(cache.storedFonts, 1_000)
    XCTAssertEqual(cache.count, cache.statistics.rasterized - cache.statistics.evicted)
  }

  private func smallCache(side: Int = 128, for device: SamplingDevice? = nil) throws -> GlyphCache {
    GlyphCache(
      in: try TexturePool(for: [GlyphCache.component]), for: device,
      pageSize: ImageSize(width: side, height: side), pageLimit: 1)
  }

  /// What the device has of each glyph is what FreeType draws.
  private func assertShown(
    _ glyphs: [(UInt32, CachedGlyph)], of face: FontFace, by device: SamplingDevice,
    _ cache: GlyphCache
  ) throws {
    for (index, glyph) in glyphs {
      guard let cell = glyph.cell else { continue }
      let copy = try XCTUnwrap(cache.atlas.page(cell.page)?.texture(on: device))
      let pitch = copy.buffer.layout.planes[0].pitch
      let (pixels, expected) = (
        copy.pixels, try ReferenceGlyph(index, of: face, pixelSize: 20, hinting: .light).pixels
      )
      let shown = cell.rectangle.rows.flatMap { y in
        cell.rectangle.columns.map { pixels[y * pitch + $0] }
      }
      XCTAssertEqual(shown, expected, "glyph \(index)")
    }
  }
}

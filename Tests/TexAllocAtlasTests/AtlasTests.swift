import TestSupport
import TexAlloc
import XCTest

@testable import TexAllocAtlas

final class AtlasTests: XCTestCase {
  private let line = PlaneWriter.lineSize

  func testAFreshPageIsEmptyWhateverItsMemoryHeldBefore() throws {
    var limits = PoolLimits()
    limits.budget = limits.firstSlab
    let pool = try TexturePool(for: [], limits: limits)
    let descriptor = ImageDescriptor(width: 100, height: 50, formats: [.r8])
    fill(try pool.allocate(descriptor), with: 0xFF)
    let atlas = Atlas(in: pool, page: descriptor)
    _ = try atlas.insert(width: 3, height: 3)
    try atlas.flush()
    XCTAssertTrue(try bytes(of: atlas.pages[0]).allSatisfy { $0 == 0 })
  }

  func testWhatReachedOutOfClearedRowsIsEmptyForTheNext() throws {
    let atlas = Atlas(
      in: try TexturePool(for: []),
      page: ImageDescriptor(width: 64, height: 64, formats: [.r8]), border: 0)
    let high = try fill(atlas.insert(width: 64, height: 40), of: atlas, with: 1)
    let low = try fill(atlas.insert(width: 64, height: 24), of: atlas, with: 2)
    XCTAssertEqual(atlas.rowsInTurn(20), AtlasRows(page: 0, rows: 0..<20))
    atlas.clear(AtlasRows(page: 0, rows: 0..<20), of: [high], around: [])
    XCTAssertNil(atlas.insertOnPages(width: 64, height: 21))
    XCTAssertNotNil(atlas.insertOnPages(width: 32, height: 20))
    XCTAssertEqual(atlas.rowsInTurn(20), AtlasRows(page: 0, rows: 20..<40))
    atlas.clear(
      AtlasRows(page: 0, rows: 0..<20),
      of: [
        AtlasCell(page: 0, rectangle: TexelRectangle(x: 0, y: 0, width: 32, height: 20))
      ], around: [])
    atlas.remove(low)
    XCTAssertNotNil(atlas.insertOnPages(width: 64, height: 64))
    XCTAssertTrue(atlas.pages[0].pixels.allSatisfy { $0 == 0 })
  }

  func testClearedRowsAreEmptyButForWhatStays() throws {
    let atlas = Atlas(
      in: try TexturePool(for: []),
      page: ImageDescriptor(width: 64, height: 64, formats: [.r8]), border: 0)
    let cells = try (0..<16).map { _ in
      try fill(atlas.insert(width: 16, height: 16), of: atlas, with: 1)
    }
    let rows = AtlasRows(page: 0, rows: 0..<40)
    let touching = cells.filter { $0.rectangle.rows.overlaps(rows.rows) }
    let kept = touching.filter { [1, 2, 6].contains($0.rectangle.x / 16 + $0.rectangle.y / 4) }
    XCTAssertEqual(kept.count, 3)
    atlas.clear(rows, of: touching.filter { !kept.contains($0) }, around: kept)
    let pixels = atlas.pages[0].pixels
    for y in 0..<40 {
      for x in 0..<64 {
        let isKept = kept.contains {
          $0.rectangle.rows.contains(y) && $0.rectangle.columns.contains(x)
        }
        XCTAssertEqual(pixels[y * 64 + x], isKept ? 1 : 0, "\(x), \(y)")
      }
    }
    // What is left of cells that reached out of the rows goes when the last of the page does.
    for cell in cells where !touching.contains(cell) || kept.contains(cell) { atlas.remove(cell) }
    XCTAssertTrue(atlas.pages[0].pixels.allSatisfy { $0 == 0 })
  }

  func testFlushWritesExactlyTheDirtyLinesAndNothingOutsideThePage() throws {
    for fourcc in [Fourcc.r8, .gr88, .abgr8888] {
      let pool = try TexturePool(for: [])
      let descriptor = ImageDescriptor(width: 200, height: 64, formats: [fourcc])
      let before = try guardBuffer(like: descriptor, in: pool)
      let atlas = Atlas(in: pool, page: descriptor)
      _ = try fill(atlas.insert(width: 1, height: 1), of: atlas, with: 1)
      let after = try guardBuffer(like: descriptor, in: pool)
      try atlas.flush()
      let page = atlas.pages[0]
      let pitch = page.buffer.layout.planes[0].pitch
      let pixelSize = fourcc == .r8 ? 1 : fourcc == .gr88 ? 2 : 4

      var random = SplitMix64(seed: 3)
      for step in 0..<20 {
        // Foreign bytes everywhere: what a flush does not write keeps them.
        fill(page.buffer, with: 0xA5)
        let side = { Int.random(in: 1...20, using: &random) }
        let cell = try atlas.insert(width: side(), height: side())
        try fill(cell, of: atlas, with: UInt8(step + 2))
        guard cell.page == 0 else { break }
        try atlas.flush()
        let flush = try XCTUnwrap(page.lastFlush)

        let outer = cell.rectangle.inset(by: -1)
        let lines =
          outer.x * pixelSize / line..<((outer.x + outer.width) * pixelSize + line - 1) / line
        XCTAssertEqual(flush.byteCount, lines.count * line * outer.height)
        XCTAssertEqual(flush.rows, outer.rows)
        let held = try bytes(of: page)
        for index in held.indices {
          let (row, offset) = index.quotientAndRemainder(dividingBy: pitch)
          let isDirty = outer.rows.contains(row) && lines.contains(offset / line)
          XCTAssertEqual(held[index] != 0xA5, isDirty, "row \(row), byte \(offset)")
        }
      }
      XCTAssertEqual(try atlas.flush(), AtlasFlush())
      for guarded in [before, after] {
        try guarded.withContents { span in
          for index in span.indices { XCTAssertEqual(span[index], 0x5A) }
        }
      }
    }
  }

  func testCellsHoldTheirPixelsInsideAnEmptyBorder() throws {
    let pool = try TexturePool(for: [])
    for border in [0, 1, 2] {
      let descriptor = ImageDescriptor(width: 256, height: 128, formats: [.r8])
      let atlas = Atlas(in: pool, page: descriptor, border: border)
      var random = SplitMix64(seed: 11)
      var cells: [AtlasCell] = []
      for value in 1...60 {
        let side = { Int.random(in: 1...24, using: &random) }
        let cell = try atlas.insert(width: side(), height: side())
        try fill(cell, of: atlas, with: UInt8(value))
        cells.append(cell)
      }
      try atlas.flush()
      for (page, index) in zip(atlas.pages, 0...) {
        var expected = [UInt8](repeating: 0, count: 256 * 128)
        for (cell, value) in zip(cells, 1...) where cell.page == index {
          for y in cell.rectangle.rows {
            for x in cell.rectangle.columns { expected[y * 256 + x] = UInt8(value) }
          }
        }
        XCTAssertEqual(try bytes(of: page), expected)
      }
    }
  }

  func testTheAtlasGrowsByAPageWhenItsPagesAreFull() throws {
    let pool = try TexturePool(for: [])
    let atlas = Atlas(
      in: pool, page: ImageDescriptor(width: 64, height: 64, formats: [.r8]), border: 0)
    let cells = try (0..<9).map { _ in try atlas.insert(width: 32, height: 32) }
    XCTAssertEqual(cells.map(\.page), [0, 0, 0, 0, 1, 1, 1, 1, 2])
    XCTAssertEqual(atlas.pages.count, 3)
    XCTAssertEqual(pool.statistics.slots, 3)
  }

  func testTheRoomOfARemovedCellIsUsedAgainAndEmpty() throws {
    let pool = try TexturePool(for: [])
    let atlas = Atlas(in: pool, page: ImageDescriptor(width: 64, height: 64, formats: [.r8]))
    let cell = try atlas.insert(width: 62, height: 62)
    try fill(cell, of: atlas, with: 9)
    try atlas.flush()
    atlas.remove(cell)
    XCTAssertEqual(try atlas.flush(), AtlasFlush(), "nobody looks at it")
    XCTAssertEqual(try atlas.insert(width: 62, height: 62), cell)
    XCTAssertEqual(try atlas.flush().byteCount, 64 * 64)
    XCTAssertTrue(try bytes(of: atlas.pages[0]).allSatisfy { $0 == 0 })
  }

  func testARemovedCellStaysAsItIsUntilItsFenceHasPassed() throws {
    let pool = try TexturePool(for: [])
    let atlas = Atlas(in: pool, page: ImageDescriptor(width: 64, height: 64, formats: [.r8]))
    let cell = try fill(atlas.insert(width: 62, height: 62), of: atlas, with: 9)
    try atlas.flush()
    let fence = ManualFence()
    atlas.remove(cell, after: fence)
    XCTAssertEqual(try atlas.flush(), AtlasFlush(), "a draw may still sample it")
    XCTAssertEqual(try atlas.insert(width: 62, height: 62).page, 1, "its place is not free yet")
    fence.pass()
    XCTAssertEqual(try atlas.insert(width: 62, height: 62), cell)
    try atlas.flush()
    XCTAssertTrue(try bytes(of: atlas.pages[0]).allSatisfy { $0 == 0 })
  }

  func testAThousandIconsTakeAFewPages() throws {
    let pool = try TexturePool(for: [])
    let atlas = Atlas(
      in: pool, page: ImageDescriptor(width: 1024, height: 1024, formats: [.abgr8888]))
    var random = SplitMix64(seed: 7)
    for icon in 0..<1000 {
      let side = Int.random(in: 16...48, using: &random)
      try fill(atlas.insert(width: side, height: side), of: atlas, with: UInt8(icon & 0xFF))
    }
    try atlas.flush()
    XCTAssertLessThanOrEqual(atlas.pages.count, 2)
    XCTAssertEqual(pool.statistics.slots, atlas.pages.count)
  }

  func testWhatCannotBePlacedIsATypedError() throws {
    let pool = try TexturePool(
      for: [], limits: PoolLimits(firstSlab: 1 << 20, budget: 1 << 20))
    let page = ImageDescriptor(width: 1024, height: 1024, formats: [.r8])
    let atlas = Atlas(in: pool, page: page)
    func assertTooLarge() {
      for (width, height) in [(1023, 1), (1, 1023), (.max, 1), (1, .max)] {
        XCTAssertThrowsError(try atlas.insert(width: width, height: height)) {
          guard case AtlasError.tooLarge = $0 else { return XCTFail("\($0)") }
        }
      }
    }
    assertTooLarge()
    _ = try atlas.insert(width: 1022, height: 1022)
    assertTooLarge()
    XCTAssertThrowsError(try atlas.insert(width: 1, height: 1)) {
      guard case AtlasError.noPage(.budget) = $0 else { return XCTFail("\($0)") }
    }
    XCTAssertEqual(atlas.pages.count, 1)

    for fourcc in [Fourcc.nv12, .yuyv] {
      let pairs = Atlas(
        in: try TexturePool(for: []),
        page: ImageDescriptor(width: 64, height: 64, formats: [fourcc]))
      XCTAssertThrowsError(try pairs.insert(width: 1, height: 1)) {
        XCTAssertEqual($0 as? AtlasError, .unsupported(Format(fourcc)))
      }
    }
  }

  @discardableResult
  private func fill(_ cell: AtlasCell, of atlas: Atlas, with byte: UInt8) throws -> AtlasCell {
    atlas.draw(in: cell) { pixels in
      XCTAssertEqual(pixels.rowCount, cell.rectangle.height)
      for y in 0..<pixels.rowCount {
        var row = pixels.row(y)
        row.update(repeating: byte)
      }
    }
    return cell
  }

  private func guardBuffer(
    like descriptor: ImageDescriptor, in pool: TexturePool
  ) throws -> TextureBuffer {
    let buffer = try pool.allocate(descriptor, named: "guard")
    fill(buffer, with: 0x5A)
    return buffer
  }

  private func fill(_ buffer: TextureBuffer, with byte: UInt8) {
    var writer = buffer.writer()
    writer.fill(0..<writer.rowCount, with: byte)
  }

  private func bytes(of page: AtlasPage) throws -> [UInt8] {
    try page.buffer.withContents { span in span.indices.map { span[$0] } }
  }
}

import TestSupport
import TexAlloc
import XCTest

@testable import TexAllocAtlas
@testable import TexAllocText

final class GlyphBandsTests: XCTestCase {
  private let size = ImageSize(width: 64, height: 128)

  func testRowsGoWhateverNumberTheFrameHas() throws {
    let pages = try pages(1)
    for frame in [1, 1 << 31, .max - 2, .max - 1] as [UInt32] {
      var table = GlyphTable(bands: GlyphBands(height: 8, pageHeight: size.height, border: 1))
      let rows = AtlasRows(page: 0, rows: 0..<16)
      let none = table.rowsToClear(
        rows, or: ImageSize(width: 64, height: 16), ofPages: pages, lastUsedUpTo: frame)
      XCTAssertEqual(none?.rows, rows)
      table.frame = frame
      _ = insert(into: &table, TexelRectangle(x: 1, y: 40, width: 4, height: 6), as: 7)
      let one = table.rowsToClear(
        AtlasRows(page: 0, rows: 32..<48), or: ImageSize(width: 64, height: 16), ofPages: pages,
        lastUsedUpTo: frame)
      XCTAssertEqual(one?.rows, AtlasRows(page: 0, rows: 32..<48))
      XCTAssertEqual(one?.entries, [0])
    }
  }

  private func pages(_ count: Int) throws -> [AtlasPage] {
    let atlas = Atlas(
      in: try TexturePool(for: []),
      page: ImageDescriptor(width: size.width, height: size.height, formats: [.r8]), border: 0)
    for _ in 0..<count { _ = try atlas.insert(width: size.width, height: size.height) }
    return atlas.pages
  }

  private func insert(
    into table: inout GlyphTable, _ place: TexelRectangle, onPage page: Int = 0, as key: UInt64
  ) -> CachedGlyph {
    let shape = GlyphShape(
      left: 0, top: 0, width: place.width, height: place.height, advance: 0)
    return table.insert(shape, AtlasCell(page: page, rectangle: place), as: key)
  }
}

import TestSupport
import TexAlloc
import XCTest

@testable import TexAllocAtlas
@testable import TexAllocText

/// Which rows are cleared, and what goes from there.
final class GlyphBandsTests: XCTestCase {
  private let size = ImageSize(width: 64, height: 128)
  private let border = 1

  func testRowsGoWhateverNumberTheFrameHas() throws {
    let atlas = try atlas(pages: 1)
    let rows = AtlasRows(page: 0, rows: 0..<16)
    for frame in [1, 1 << 31, .max - 2, .max - 1] as [UInt32] {
      var table = table()
      table.frame = frame
      _ = insert(into: &table, TexelRectangle(x: 1, y: 10, width: 4, height: 6), as: 7)
      func clearing(upTo frame: UInt32) -> GlyphTable.Clearing? {
        table.clearing(
          for: ImageSize(width: 61, height: 16), leastRows: 4, of: atlas, lastUsedUpTo: frame)
      }
      XCTAssertEqual(clearing(upTo: frame)?.rows, rows)
      XCTAssertEqual(clearing(upTo: frame)?.victims, [0])
      // Beside what is in use there is no room, below it there is.
      XCTAssertEqual(clearing(upTo: frame - 1)?.rows, AtlasRows(page: 0, rows: 20..<36))
    }
  }

  func testWhereAllRowsAreInUseThoseAreClearedOfWhichLeastIs() throws {
    let atlas = try atlas(pages: 2)
    var table = table()
    for (page, start, width) in [(0, 0, 40), (0, 64, 36), (1, 0, 44), (1, 64, 50)] {
      _ = insert(
        into: &table, TexelRectangle(x: 1, y: start + 1, width: width, height: 62), onPage: page,
        as: UInt64(page * 64 + start))
    }
    func clearing(width: Int) -> GlyphTable.Clearing? {
      table.clearing(
        for: ImageSize(width: width, height: 16), leastRows: 16, of: atlas, lastUsedUpTo: 0)
    }
    XCTAssertEqual(clearing(width: 20)?.rows, AtlasRows(page: 0, rows: 64..<80))
    XCTAssertEqual(clearing(width: 20)?.kept, [1])
    XCTAssertNil(clearing(width: 29), "28 columns are left at most")
  }

  func testWhatGoesAndWhatStaysIsThatOfASlowScan() throws {
    let atlas = try atlas(pages: 2)
    for seed in 0..<40 as Range<UInt64> {
      var random = SplitMix64(seed: seed)
      var table = table()
      var live: [UInt64: CachedGlyph] = [:]
      func anyKey() -> UInt64? { live.keys.sorted().randomElement(using: &random) }
      let removes = seed.isMultiple(of: 2)
      for step in 0..<400 as Range<UInt64> {
        table.frame = UInt32(step / 4 + 1)
        switch Int.random(in: 0..<10, using: &random) {
        case 0..<5:
          let (width, height) = (
            Int.random(in: 1...20, using: &random), Int.random(in: 1...30, using: &random)
          )
          let place = TexelRectangle(
            x: .random(in: 1..<size.width - width, using: &random),
            y: .random(in: 1..<size.height - height, using: &random), width: width, height: height)
          live[step] = insert(
            into: &table, place, onPage: .random(in: 0..<2, using: &random), as: step)
        case 5..<8:
          if let key = anyKey() { XCTAssertEqual(table.use(key), live[key]) }
        default:
          let frame = UInt32.random(in: 0..<table.frame, using: &random)
          let turn = try XCTUnwrap(atlas.rowsInTurn(16))
          guard
            let clearing = table.clearing(
              for: ImageSize(width: 1, height: 1), leastRows: 16, of: atlas, lastUsedUpTo: frame)
          else { break }
          func entries(touching rows: AtlasRows, _ isChosen: (UInt32) -> Bool) -> [Int] {
            let touching = live.values.filter { glyph in
              guard let cell = glyph.cell, cell.page == rows.page else { return false }
              return (cell.rectangle.y - border..<cell.rectangle.rows.upperBound + border)
                .overlaps(rows.rows)
            }
            return touching.map { Int($0.entry) }
              .filter { isChosen(table.entries[$0].lastUse) }.sorted()
          }
          let rows = clearing.rows
          XCTAssertEqual(clearing.victims.sorted(), entries(touching: rows) { $0 <= frame })
          XCTAssertEqual(clearing.kept.sorted(), entries(touching: rows) { $0 > frame })
          if entries(touching: turn, { $0 > frame }).isEmpty { XCTAssertEqual(rows, turn) }
          // For others to have their turn the next time. The cells are none of the atlas.
          atlas.clear(clearing.rows, of: [], around: [])
          guard removes else { break }
          let victims = live.filter { clearing.victims.contains(Int($0.value.entry)) }
          var removed: Set<UInt64> = []
          table.remove(clearing) { removed.insert($0) }
          XCTAssertEqual(removed, Set(victims.keys))
          for key in victims.keys {
            XCTAssertNil(table.use(key))
            live[key] = nil
          }
        }
      }
    }
  }

  private func table() -> GlyphTable {
    GlyphTable(bands: GlyphBands(height: 8, pageHeight: size.height, border: border))
  }

  private func atlas(pages count: Int) throws -> Atlas {
    let atlas = Atlas(
      in: try TexturePool(for: []),
      page: ImageDescriptor(width: size.width, height: size.height, formats: [.r8]), border: border)
    let whole = try (0..<count).map { _ in
      try atlas.insert(width: size.width - 2 * border, height: size.height - 2 * border)
    }
    let last = AtlasRows(page: count - 1, rows: size.height - 1..<size.height)
    atlas.clear(last, of: [], around: [whole[count - 1]])
    return atlas
  }

  private func insert(
    into table: inout GlyphTable, _ place: TexelRectangle, onPage page: Int = 0, as key: UInt64
  ) -> CachedGlyph {
    let shape = GlyphShape(
      left: 0, top: 0, width: place.width, height: place.height, advance: 0)
    return table.insert(shape, AtlasCell(page: page, rectangle: place), as: key)
  }
}

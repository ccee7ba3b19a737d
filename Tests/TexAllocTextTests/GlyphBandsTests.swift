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

  func testRowsAndWhatTouchesThemAreThoseOfASlowScan() throws {
    let (pages, border, band) = (try pages(2), 1, 8)
    for seed in 0..<40 as Range<UInt64> {
      var random = SplitMix64(seed: seed)
      var table = GlyphTable(
        bands: GlyphBands(height: band, pageHeight: size.height, border: border))
      var live: [UInt64: CachedGlyph] = [:]
      func anyKey() -> UInt64? { live.keys.sorted().randomElement(using: &random) }
      /// When what touches some rows was used.
      func uses(of rows: AtlasRows, in table: borrowing GlyphTable) -> [Int: UInt32] {
        var uses: [Int: UInt32] = [:]
        for glyph in live.values {
          guard let cell = glyph.cell, cell.page == rows.page else { continue }
          let taken = cell.rectangle.y - border..<cell.rectangle.rows.upperBound + border
          if taken.overlaps(rows.rows) {
            uses[Int(glyph.entry)] = table.entries[Int(glyph.entry)].lastUse
          }
        }
        return uses
      }
      /// The earliest last use of rows in which a cell begins.
      func oldest(_ height: Int, in table: borrowing GlyphTable) -> UInt32? {
        var oldest: UInt32?
        for page in 0..<pages.count {
          for start in stride(from: 0, through: size.height - height, by: band) {
            let rows = AtlasRows(page: page, rows: start..<start + height)
            let hasAny = live.values.contains { glyph in
              guard let cell = glyph.cell else { return false }
              return cell.page == page && rows.rows.contains(cell.rectangle.y - border)
            }
            guard hasAny, let use = uses(of: rows, in: table).values.max() else { continue }
            oldest = min(oldest ?? use, use)
          }
        }
        return oldest
      }
      // Of those that went, bands may know too late a use.
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
          let page = Int.random(in: 0..<pages.count, using: &random)
          live[step] = insert(into: &table, place, onPage: page, as: step)
        case 5..<7:
          if let key = anyKey() { XCTAssertEqual(table.use(key), live[key]) }
        case 7:
          guard removes, let key = anyKey(), let glyph = live.removeValue(forKey: key) else {
            break
          }
          table.remove(Int(glyph.entry))
        default:
          let height = 2 * band
          let start = Int.random(in: 0...size.height - height, using: &random)
          let turn = AtlasRows(
            page: .random(in: 0..<pages.count, using: &random), rows: start..<start + height)
          let frame = UInt32.random(in: 0..<table.frame, using: &random)
          let found = table.rowsToClear(
            turn, or: ImageSize(width: 1, height: height), ofPages: pages, lastUsedUpTo: frame)
          let usesInTurn = uses(of: turn, in: table)
          let isTurn = usesInTurn.values.allSatisfy { $0 <= frame }
          guard let found else {
            XCTAssertFalse(isTurn)
            if !removes, let use = oldest(height, in: table) { XCTAssertGreaterThan(use, frame) }
            break
          }
          let uses = uses(of: found.rows, in: table)
          XCTAssertEqual(found.entries.sorted(), uses.keys.sorted())
          XCTAssertTrue(uses.values.allSatisfy { $0 <= frame })
          if found.rows != turn {
            if !removes { XCTAssertEqual(uses.values.max(), oldest(height, in: table)) }
            if isTurn {
              // Its age is more than twice the mean of those whose turn it is.
              let sum = usesInTurn.values.reduce(0) { $0 + Int($1) }
              let age = Int(frame) - sum / max(1, usesInTurn.count)
              XCTAssertTrue(uses.values.allSatisfy { Int(frame) - Int($0) > 2 * age })
            }
          }
          guard removes else { break }
          for (key, glyph) in live where uses[Int(glyph.entry)] != nil {
            table.remove(Int(glyph.entry))
            live[key] = nil
          }
        }
      }
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

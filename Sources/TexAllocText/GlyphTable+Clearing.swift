internal import TexAlloc
internal import TexAllocAtlas

extension GlyphTable {
  /// Rows of a page that are to be cleared, and the entries whose cells touch them.
  struct Clearing {
    let rows: AtlasRows
    /// Those that go, and glyphs without ink that were not used after them.
    var victims: [Int] = []
    /// Those that stay where they are.
    var kept: [Int] = []
  }

  /// The rows that are to be cleared for a cell: those whose turn it is, or the next ones of which no more than
  /// half is in use; or else those of which least is. nil where there would be no room for it anywhere.
  ///
  /// - Parameters:
  ///   - size: Pixels of the cell, its borders among them.
  ///   - leastRows: How many are cleared at least.
  ///   - frame: What was used after it stays.
  mutating func clearing(
    for size: ImageSize, leastRows: Int, of atlas: Atlas, lastUsedUpTo frame: UInt32
  ) -> Clearing? {
    bands.begin(with: entries)
    let rowCount = max(size.height, leastRows)
    var best: (clearing: Clearing, keptArea: Int)?
    var rows = atlas.rowsInTurn(rowCount)
    var remaining = atlas.pages.reduce(0) { $0 + $1.size.height }
    while let turn = rows, remaining > 0 {
      remaining -= min(leastRows, turn.rows.count)
      rows = atlas.rowsInTurn(rowCount, after: turn.prefix(leastRows))
      var clearing = Clearing(rows: turn)
      for entry in bands.entries(touching: turn, of: entries) {
        if entries[entry].lastUse > frame {
          clearing.kept.append(entry)
        } else {
          clearing.victims.append(entry)
        }
      }
      let kept = cells(of: clearing.kept)
      let area = atlas.area(of: kept)
      guard area < best?.keptArea ?? .max, atlas.fits(size, in: turn, around: kept) else {
        continue
      }
      best = (clearing, area)
      if area * 2 <= atlas.area(of: turn) { break }
    }
    guard var clearing = best?.clearing else { return nil }
    let lastUse = clearing.victims.reduce(0) { max($0, entries[$1].lastUse) }
    clearing.victims += bands.entriesWithoutCell.filter { entries[$0].lastUse <= lastUse }
    return clearing
  }

  /// Those of entries, as far as they have one.
  func cells(of entries: [Int]) -> [AtlasCell] {
    entries.compactMap { self.entries[$0].glyph.cell }
  }
}

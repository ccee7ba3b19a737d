internal import TexAllocAtlas

/// Which entries have their cells in which rows of the pages: each page is divided into bands of rows, and the
/// entries whose cells begin in one are a list. Kept from when rows are cleared: most caches never clear any.
struct GlyphBands: ~Copyable {
  private struct Band {
    /// -1 for none.
    var firstEntry: Int32 = -1
    /// The row behind the lowest cell, or one further down.
    var end: Int32 = 0
  }

  /// Pixels round a cell that are its own.
  private let border: Int
  /// The logarithm of how many rows a band has.
  private let shift: Int
  private let perPage: Int
  private var isKept = false
  /// By page, from top to bottom.
  private var bands = GrowingBuffer<Band>(capacity: 64)
  /// By entry, the next in its list; -1 for none.
  private var nextEntries = GrowingBuffer<Int32>(capacity: 1024)
  /// Of those without a cell; -1 for none.
  private var firstWithoutCell: Int32 = -1

  /// - Parameters:
  ///   - height: Rows of a band at most.
  ///   - pageHeight: Rows of the highest page.
  init(height: Int, pageHeight: Int, border: Int) {
    self.border = border
    shift = Int.bitWidth - 1 - height.leadingZeroBitCount
    perPage = (pageHeight - 1) >> shift + 1
  }

  /// Takes note of where the cells of all entries are, the first time.
  mutating func begin(with table: borrowing GrowingBuffer<GlyphTable.Entry>) {
    if isKept { return }
    isKept = true
    for entry in table.indices { insert(entry, table[entry].glyph) }
  }

  /// Takes note of where the cell of an entry is, or that it has none.
  @inline(__always)
  mutating func insert(_ entry: Int, _ glyph: CachedGlyph) {
    guard isKept else { return }
    if entry == nextEntries.count { nextEntries.append(-1) }
    guard glyph.pageNumber >= 0 else {
      nextEntries[entry] = firstWithoutCell
      firstWithoutCell = Int32(truncatingIfNeeded: entry)
      return
    }
    let rows = glyph.rowEnds(border: border)
    let index = glyph.pageNumber * perPage + rows.first >> shift
    if index >= bands.count { addBands(ofPage: glyph.pageNumber) }
    nextEntries[entry] = bands[index].firstEntry
    bands[index].firstEntry = Int32(truncatingIfNeeded: entry)
    bands[index].end = max(bands[index].end, Int32(truncatingIfNeeded: rows.end))
  }

  @inline(never)
  private mutating func addBands(ofPage number: Int) {
    bands.append(repeating: Band(), count: (number + 1) * perPage - bands.count)
  }

  /// The entries whose cells touch some rows, their borders included.
  func entries(
    touching rows: AtlasRows, of table: borrowing GrowingBuffer<GlyphTable.Entry>
  ) -> [Int] {
    let (start, end) = (rows.rows.lowerBound, rows.rows.upperBound)
    var found: [Int] = []
    for index in bandsTouching(rows) {
      var entry = Int(bands[index].firstEntry)
      while entry >= 0 {
        let taken = table[entry].glyph.rowEnds(border: border)
        if taken.first < end && taken.end > start { found.append(entry) }
        entry = Int(nextEntries[entry])
      }
    }
    return found
  }

  /// Those that have no cell.
  var entriesWithoutCell: [Int] {
    var found: [Int] = []
    var entry = Int(firstWithoutCell)
    while entry >= 0 {
      found.append(entry)
      entry = Int(nextEntries[entry])
    }
    return found
  }

  /// Forgets entries that are free by now and had cells that touched some rows, or none.
  mutating func removeUnused(
    touching rows: AtlasRows, of table: borrowing GrowingBuffer<GlyphTable.Entry>
  ) {
    for index in bandsTouching(rows) {
      bands[index] = used(bands[index].firstEntry, of: table)
    }
    firstWithoutCell = used(firstWithoutCell, of: table).firstEntry
  }

  /// Those of a list that are not free, as a list.
  private mutating func used(
    _ firstEntry: Int32, of table: borrowing GrowingBuffer<GlyphTable.Entry>
  ) -> Band {
    var (entry, band) = (Int(firstEntry), Band())
    while entry >= 0 {
      let next = Int(nextEntries[entry])
      if table[entry].lastUse > 0 {
        nextEntries[entry] = band.firstEntry
        band.firstEntry = Int32(entry)
        band.end = max(band.end, Int32(table[entry].glyph.rowEnds(border: border).end))
      }
      entry = next
    }
    return band
  }

  /// Those in which cells begin that may touch some rows.
  private func bandsTouching(_ rows: AtlasRows) -> [Int] {
    let first = rows.page * perPage
    let end = min(bands.count, first + (rows.rows.upperBound - 1) >> shift + 1)
    return (first..<max(first, end)).filter { Int(bands[$0].end) > rows.rows.lowerBound }
  }
}

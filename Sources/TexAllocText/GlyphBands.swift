internal import TexAlloc
internal import TexAllocAtlas

/// Which glyphs of a cache lie in which rows of the pages: each page is divided into bands of rows, and the
/// entries whose cells begin in one are a list. Kept only where rows are cleared.
struct GlyphBands {
  /// An entry, unless another glyph has it by now.
  private struct Seat {
    let entry: Int32
    let generation: UInt32

    init(_ glyph: CachedGlyph) {
      (entry, generation) = (Int32(glyph.entry), glyph.generation)
    }
  }

  private struct Band {
    var seats: [Seat] = []
    /// The row behind the lowest cell, or one further down.
    var end = 0
    /// The last use of what touches the band, or an earlier one; or a later one of what is gone.
    var lastUse: UInt32 = 0
  }

  /// Pixels round a cell that are its own.
  private let border: Int
  /// The logarithm of how many rows a band has.
  private let shift: Int
  private let perPage: Int
  /// By page, from top to bottom; none where lists are not kept.
  private var bands: [Band] = []
  /// Those that are in no list yet.
  private var recent: [Seat] = []
  /// How many came into lists, where the gone are forgotten only when they are met.
  private var listedCount = 0

  /// - Parameters:
  ///   - height: Rows of a band at most.
  ///   - pageHeight: Rows of the highest page.
  init(height: Int, pageHeight: Int, border: Int) {
    self.border = border
    shift = Int.bitWidth - 1 - max(1, height).leadingZeroBitCount
    perPage = (pageHeight - 1) >> shift + 1
  }

  /// Takes note of a glyph that has an entry now.
  mutating func insert(_ glyph: CachedGlyph) {
    if !bands.isEmpty { recent.append(Seat(glyph)) }
  }

  /// Puts all into lists of which note was taken; all that there are, the first time and where too many
  /// may be gone.
  mutating func update(from table: borrowing GrowingBuffer<GlyphTable.Entry>, pages: [AtlasPage]) {
    if listedCount + recent.count > 2 * table.count { removeAll() }
    let isNew = bands.isEmpty
    let missing = ((pages.last?.number ?? -1) + 1) * perPage - bands.count
    if missing > 0 { bands += repeatElement(Band(), count: missing) }
    let count = isNew ? table.count : recent.count
    for index in 0..<count {
      let entry = isNew ? index : Int(recent[index].entry)
      let glyph = table[entry].glyph
      guard glyph.pageNumber >= 0, table[entry].lastUse > 0,
        isNew || glyph.generation == recent[index].generation
      else { continue }
      let rows = glyph.rowEnds(border: border)
      let band = glyph.pageNumber * perPage + rows.first >> shift
      bands[band].seats.append(Seat(glyph))
      bands[band].end = max(bands[band].end, rows.end)
      bands[band].lastUse = max(bands[band].lastUse, table[entry].lastUse)
    }
    listedCount += count
    recent.removeAll(keepingCapacity: true)
  }

  /// Keeps no lists before they are wanted again.
  mutating func removeAll() { (bands, recent, listedCount) = ([], [], 0) }

  /// The entries whose cells touch some rows, when any of them was used last, and when they were used last on
  /// average; 0 where there are none.
  mutating func entries(
    touching rows: AtlasRows, of table: borrowing GrowingBuffer<GlyphTable.Entry>
  ) -> (entries: [Int], lastUse: UInt32, meanUse: UInt32) {
    let (start, end) = (rows.rows.lowerBound, rows.rows.upperBound)
    let first = rows.page * perPage
    var (found, lastUse, sum) = ([] as [Int], 0 as UInt32, 0 as UInt64)
    for band in first..<first + (end - 1) >> shift + 1 where bands[band].end > start {
      look(into: band, of: table) { entry, rows, use in
        guard rows.first < end && rows.end > start else { return }
        found.append(entry)
        lastUse = max(lastUse, use)
        sum += UInt64(use)
      }
    }
    return (found, lastUse, UInt32(sum / UInt64(max(1, found.count))))
  }

  /// Goes through the entries of a band, and forgets those that are gone.
  private mutating func look(
    into band: Int, of table: borrowing GrowingBuffer<GlyphTable.Entry>,
    _ body: (_ entry: Int, _ rows: (first: Int, end: Int), _ lastUse: UInt32) -> Void
  ) {
    var seats = bands[band].seats
    bands[band].seats = []
    var (kept, end, lastUse) = (0, 0, 0 as UInt32)
    for index in seats.indices {
      let seat = seats[index]
      let entry = table[Int(seat.entry)]
      guard entry.lastUse > 0, entry.glyph.generation == seat.generation else { continue }
      let rows = entry.glyph.rowEnds(border: border)
      (end, lastUse) = (max(end, rows.end), max(lastUse, entry.lastUse))
      seats[kept] = seat
      kept += 1
      body(Int(seat.entry), rows, entry.lastUse)
    }
    seats.removeLast(seats.count - kept)
    bands[band] = Band(
      seats: seats, end: end, lastUse: kept > 0 ? max(bands[band].lastUse, lastUse) : 0)
  }

  /// The rows of a size that were not used for longest, if that is since before a frame.
  mutating func rows(
    _ size: ImageSize, ofPages pages: [AtlasPage], usedBefore frame: UInt32,
    of table: borrowing GrowingBuffer<GlyphTable.Entry>
  ) -> (rows: AtlasRows, entries: [Int])? {
    guard frame > 0 else { return nil }
    let bandCount = (size.height - 1) >> shift + 1
    while true {
      var (oldest, lastUse) = (nil as AtlasRows?, frame)
      for page in pages where page.size.width >= size.width {
        for start in stride(from: 0, through: page.size.height - size.height, by: 1 << shift) {
          let first = page.number * perPage + start >> shift
          let use = latestUse(ofBands: first..<first + bandCount)
          guard 0 < use, use < lastUse else { continue }
          (oldest, lastUse) = (AtlasRows(page: page.number, rows: start..<start + size.height), use)
        }
      }
      guard let oldest else { return nil }
      let found = entries(touching: oldest, of: table)
      if found.lastUse <= lastUse { return (oldest, found.entries) }
      // What was known of it was out of date, or something from further up reaches into it.
      let first = oldest.page * perPage + oldest.rows.lowerBound >> shift
      if latestUse(ofBands: first..<first + bandCount) < found.lastUse {
        bands[first].lastUse = found.lastUse
      }
    }
  }

  private func latestUse(ofBands range: Range<Int>) -> UInt32 {
    bands[range].reduce(0) { max($0, $1.lastUse) }
  }
}

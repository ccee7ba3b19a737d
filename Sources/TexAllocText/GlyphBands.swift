internal import TexAlloc
internal import TexAllocAtlas

/// Which glyphs of a cache lie in which rows of the pages: each page is divided into bands of rows, and the
/// entries whose cells begin in one are a list. Kept from when rows are cleared.
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
    }
    listedCount += count
    recent.removeAll(keepingCapacity: true)
  }

  /// Keeps no lists before they are wanted again.
  mutating func removeAll() { (bands, recent, listedCount) = ([], [], 0) }

  /// The entries whose cells touch some rows, their borders included. Of what it looks through, it forgets the
  /// gone.
  mutating func entries(
    touching rows: AtlasRows, of table: borrowing GrowingBuffer<GlyphTable.Entry>
  ) -> [Int] {
    let (start, end) = (rows.rows.lowerBound, rows.rows.upperBound)
    let (first, border) = (rows.page * perPage, border)
    var found: [Int] = []
    for band in first..<first + (end - 1) >> shift + 1 where bands[band].end > start {
      var lowest = 0
      bands[band].seats.removeAll { seat in
        let entry = table[Int(seat.entry)]
        guard entry.lastUse > 0, entry.glyph.generation == seat.generation else { return true }
        let taken = entry.glyph.rowEnds(border: border)
        lowest = max(lowest, taken.end)
        if taken.first < end && taken.end > start { found.append(Int(seat.entry)) }
        return false
      }
      bands[band].end = lowest
    }
    return found
  }
}

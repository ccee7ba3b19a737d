internal import TexAlloc
internal import TexAllocAtlas

/// Rows of a page.
struct GlyphBand: Equatable {
  let page: Int
  let rows: Range<Int>
}

extension GlyphTable {
  /// Those rows of a page whose glyphs were all used last up to a frame: of such rows, those that were not
  /// used for longest. nil where there are none.
  ///
  /// - Parameters:
  ///   - height: Pages are looked at in bands of so many rows.
  ///   - room: Rows that are wanted: the answer has as many bands as that takes.
  ///   - border: Pixels round a cell that are its own.
  func oldestBand(
    of height: Int, atLeast room: Int, onPages pages: [AtlasPage], border: Int,
    lastUsedUpTo frame: UInt32
  ) -> GlyphBand? {
    guard frame > 0, let last = pages.last else { return nil }
    let perPage = pages.reduce(0) { max($0, ($1.size.height + height - 1) / height) }
    // By pages and bands: the last use of any glyph there; 0 where there is none.
    var uses = [UInt32](repeating: 0, count: (last.number + 1) * perPage)
    noteLastUses(in: &uses, bandsPerPage: perPage, of: height, border: border)
    let bands = max(1, (room + height - 1) / height)
    var (oldest, use) = (nil as GlyphBand?, frame)
    for page in pages {
      for first in stride(from: 0, through: page.size.height - room, by: height) {
        let rows = first..<min(first + bands * height, page.size.height)
        let start = page.number * perPage + first / height
        let latest = uses[start..<min(start + bands, (page.number + 1) * perPage)].max() ?? 0
        guard rows.count >= room, 1...use ~= latest, oldest == nil || latest < use else { continue }
        (oldest, use) = (GlyphBand(page: page.number, rows: rows), latest)
      }
    }
    return oldest
  }

  private func noteLastUses(
    in uses: inout [UInt32], bandsPerPage: Int, of height: Int, border: Int
  ) {
    let entries = entries.span
    var uses = uses.mutableSpan
    for index in entries.indices where entries[index].lastUse > 0 {
      let (glyph, lastUse) = (entries[index].glyph, entries[index].lastUse)
      guard glyph.pageNumber >= 0 else { continue }
      let (first, end) = glyph.rowEnds(border: border)
      // There are few bands to a page: to look for the first takes less than to divide.
      var (band, bottom) = (glyph.pageNumber * bandsPerPage, height)
      while bottom <= first { (band, bottom) = (band + 1, bottom + height) }
      uses[band] = max(uses[band], lastUse)
      while bottom < end {
        (band, bottom) = (band + 1, bottom + height)
        uses[band] = max(uses[band], lastUse)
      }
    }
  }

  /// The entries whose cells touch a band.
  func entries(touching band: GlyphBand, border: Int) -> [Int] {
    let entries = entries.span
    return entries.indices.filter {
      guard entries[$0].lastUse > 0, entries[$0].glyph.pageNumber == band.page else {
        return false
      }
      let (first, end) = entries[$0].glyph.rowEnds(border: border)
      return first < band.rows.upperBound && end > band.rows.lowerBound
    }
  }
}

extension GlyphTable {
  /// An entry that may go, unless it is used until its turn comes.
  struct Victim {
    let entry: Int
    let lastUse: UInt32
  }

  /// About an eighth of the entries that were not used after a frame, at least 64: those that were not
  /// used for longest, the first to go last. Of those that were used last in the same frame, neighbours
  /// on a page follow each other, so that their places become one.
  func victims(lastUsedUpTo frame: UInt32) -> [Victim] {
    if frame == 0 { return [] }
    var candidates: [Victim] = []
    for index in entries.indices where 1...frame ~= entries[index].lastUse {
      candidates.append(Victim(entry: index, lastUse: entries[index].lastUse))
    }
    let wanted = max(64, candidates.count / 8)
    if candidates.count > wanted {
      // Sorting them all would take milliseconds. Ages beyond the last bucket are all alike.
      var ages = [Int](repeating: 0, count: 1024)
      func age(_ victim: Victim) -> Int { min(Int(frame - victim.lastUse), ages.count - 1) }
      for victim in candidates { ages[age(victim)] += 1 }
      var (youngest, found) = (ages.count - 1, 0)
      while found + ages[youngest] < wanted {
        found += ages[youngest]
        youngest -= 1
      }
      candidates.removeAll { age($0) < youngest }
    }
    return candidates.sorted { isBefore($1, $0) }
  }

  private func isBefore(_ left: Victim, _ right: Victim) -> Bool {
    if left.lastUse != right.lastUse { return left.lastUse < right.lastUse }
    return entries[left.entry].glyph.placeInOrder < entries[right.entry].glyph.placeInOrder
  }
}

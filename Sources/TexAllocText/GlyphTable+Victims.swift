internal import TexAlloc
internal import TexAllocAtlas

extension GlyphTable {
  /// Rows of which nothing was used after a frame, and all entries that touch them.
  ///
  /// - Parameters:
  ///   - inTurn: What goes unless there is something that was not used for twice as long.
  ///   - size: That of other rows.
  mutating func rowsToClear(
    _ inTurn: AtlasRows?, or size: ImageSize, ofPages pages: [AtlasPage], lastUsedUpTo frame: UInt32
  ) -> (rows: AtlasRows, entries: [Int])? {
    bands.update(from: entries, pages: pages)
    var limit = frame + 1
    var chosen: (rows: AtlasRows, entries: [Int])?
    if let inTurn {
      let (touching, lastUse, meanUse) = bands.entries(touching: inTurn, of: entries)
      if lastUse <= frame {
        chosen = (inTurn, touching)
        limit = meanUse - min(meanUse, frame - meanUse)
      }
    }
    return bands.rows(size, ofPages: pages, usedBefore: limit, of: entries) ?? chosen
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

internal import TexAllocAtlas

/// The glyphs of a cache by their keys, and when each was used last.
///
/// Entries stay where they are, so that a glyph that is kept elsewhere finds its own; beside them a table
/// by open addressing says where the entry of a key is. Numbers only.
struct GlyphTable {
  struct Entry {
    var key: UInt64
    var glyph: CachedGlyph
    /// The frame of its last use; -1 for an entry that is free.
    var lastUse: Int
  }

  private(set) var entries: [Entry] = []
  private(set) var count = 0
  private var unused: [UInt32] = []
  private var generation: UInt32 = 0
  /// Bits of a key's hash in the upper half, an entry in the lower; all ones where nothing is.
  private var slots = [UInt64](repeating: .max, count: 64)
  /// Of a hash: what is left is a slot.
  private var shift: UInt64 = 58

  /// The glyph of a key, which is used in a frame.
  mutating func use(_ key: UInt64, inFrame frame: Int) -> CachedGlyph? {
    let hash = Self.hash(key)
    let mask = slots.count - 1
    var slot = Int(truncatingIfNeeded: hash >> shift)
    while slots[slot] != .max {
      if slots[slot] >> 32 == hash & 0xFFFF_FFFF {
        let index = Int(truncatingIfNeeded: slots[slot] & 0xFFFF_FFFF)
        if entries[index].key == key {
          entries[index].lastUse = frame
          return entries[index].glyph
        }
      }
      slot = (slot + 1) & mask
    }
    return nil
  }

  /// Whether a glyph that was kept elsewhere is still what its entry has; it is used in a frame then.
  mutating func use(_ glyph: CachedGlyph, inFrame frame: Int) -> Bool {
    let index = Int(glyph.entry)
    guard index < entries.count, entries[index].lastUse >= 0,
      entries[index].glyph.generation == glyph.generation
    else { return false }
    entries[index].lastUse = frame
    return true
  }

  /// Keeps a glyph under a key that is not there.
  mutating func insert(
    _ shape: GlyphShape, _ cell: AtlasCell?, as key: UInt64, inFrame frame: Int
  ) -> CachedGlyph {
    if (count + 1) * 2 > slots.count { grow() }
    let entry = unused.popLast() ?? UInt32(entries.count)
    generation &+= 1
    let glyph = CachedGlyph(shape, cell, entry: entry, generation: generation)
    let new = Entry(key: key, glyph: glyph, lastUse: frame)
    if Int(entry) == entries.count { entries.append(new) } else { entries[Int(entry)] = new }
    link(key, entry)
    count += 1
    return glyph
  }

  /// Forgets an entry.
  mutating func remove(_ entry: Int) {
    let key = entries[entry].key
    entries[entry].lastUse = -1
    unused.append(UInt32(entry))
    count -= 1
    let mask = slots.count - 1
    var slot = home(of: key)
    while slots[slot] & 0xFFFF_FFFF != UInt64(entry) { slot = (slot + 1) & mask }
    // What comes after and would not be found any more moves up.
    var next = slot
    while true {
      slots[slot] = .max
      repeat {
        next = (next + 1) & mask
        if slots[next] == .max { return }
      } while (next - home(of: entries[Int(slots[next] & 0xFFFF_FFFF)].key)) & mask
        < (next - slot) & mask
      slots[slot] = slots[next]
      slot = next
    }
  }

  private mutating func grow() {
    slots = Array(repeating: .max, count: slots.count * 2)
    shift -= 1
    for (index, entry) in entries.enumerated() where entry.lastUse >= 0 {
      link(entry.key, UInt32(index))
    }
  }

  private mutating func link(_ key: UInt64, _ entry: UInt32) {
    var slot = home(of: key)
    while slots[slot] != .max { slot = (slot + 1) & (slots.count - 1) }
    slots[slot] = Self.hash(key) << 32 | UInt64(entry)
  }

  private func home(of key: UInt64) -> Int { Int(truncatingIfNeeded: Self.hash(key) >> shift) }

  private static func hash(_ key: UInt64) -> UInt64 { key &* 0x9E37_79B9_7F4A_7C15 }
}

extension GlyphTable {
  /// An entry that may go, unless it is used until its turn comes.
  struct Victim {
    let entry: Int
    let lastUse: Int
  }

  /// About an eighth of the entries that were not used after a frame, at least 64: those that were not
  /// used for longest, the first to go last. Of those that were used last in the same frame, neighbours
  /// on a page follow each other, so that their places become one.
  func victims(lastUsedUpTo frame: Int) -> [Victim] {
    var candidates: [Victim] = []
    for (index, entry) in entries.enumerated() where 0...max(frame, 0) ~= entry.lastUse {
      candidates.append(Victim(entry: index, lastUse: entry.lastUse))
    }
    let wanted = max(64, candidates.count / 8)
    if candidates.count > wanted {
      // Sorting them all would take milliseconds. Ages beyond the last bucket are all alike.
      var ages = [Int](repeating: 0, count: 1024)
      func age(_ victim: Victim) -> Int { min(frame - victim.lastUse, ages.count - 1) }
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

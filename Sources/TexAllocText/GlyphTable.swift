internal import TexAllocAtlas

/// The glyphs of a cache by their keys, and when each was used last. Numbers only.
///
/// Entries stay where they are, so that a glyph that is kept elsewhere finds its own. Glyphs of one font
/// whose numbers are neighbours share a block, which says where the entry of each is; a hash finds the
/// block.
struct GlyphTable {
  struct Entry {
    var glyph: CachedGlyph
    /// The frame of its last use; 0 for an entry that is free.
    var lastUse: UInt32
  }

  private(set) var entries: [Entry] = []
  /// Of each entry.
  private(set) var keys: [UInt64] = []
  /// The frame that is being built: what is used now is used in it.
  var frame: UInt32 = 1
  private(set) var count = 0
  /// How many came since the beginning.
  private(set) var insertedCount = 0
  private var unused: [UInt32] = []
  private var generation: UInt32 = 0
  private var blocks = BlockTable()

  /// The glyph of a key, which is used.
  mutating func use(_ key: UInt64) -> CachedGlyph? {
    let entry = blocks[key]
    if entry < 0 { return nil }
    entries[entry].lastUse = frame
    return entries[entry].glyph
  }

  /// Whether a glyph that was kept elsewhere is still what its entry has; it is used then.
  mutating func use(entry: UInt32, generation: UInt32) -> Bool {
    let index = Int(entry)
    guard index < entries.count, entries[index].lastUse > 0,
      entries[index].glyph.generation == generation
    else { return false }
    entries[index].lastUse = frame
    return true
  }

  /// Keeps a glyph under a key that is not there.
  mutating func insert(
    _ shape: GlyphShape, _ cell: AtlasCell?, as key: UInt64
  ) -> CachedGlyph {
    let entry = unused.isEmpty ? UInt32(entries.count) : unused.removeLast()
    generation &+= 1
    let glyph = CachedGlyph(shape, cell, entry: entry, generation: generation)
    let new = Entry(glyph: glyph, lastUse: frame)
    if Int(entry) == entries.count {
      entries.append(new)
      keys.append(key)
    } else {
      (entries[Int(entry)], keys[Int(entry)]) = (new, key)
    }
    blocks.set(Int32(entry), for: key)
    count += 1
    insertedCount += 1
    return glyph
  }

  /// Forgets an entry.
  mutating func remove(_ entry: Int) {
    entries[entry].lastUse = 0
    unused.append(UInt32(entry))
    count -= 1
    blocks.remove(keys[entry])
  }

  /// Has all glyphs last used in the first frame: where frames are counted anew.
  mutating func forgetUses() {
    for index in entries.indices where entries[index].lastUse > 0 { entries[index].lastUse = 1 }
  }
}

/// Numbers by keys, of which those that differ in the last bits share a block: open addressing.
struct BlockTable {
  private struct Slot {
    /// Of the keys in the block, without their last bits; all ones where nothing is.
    var key: UInt64
    var block: Int32
    /// How many numbers are in the block.
    var count: Int32

    static let empty = Slot(key: .max, block: -1, count: 0)
  }

  private var slots = [Slot](repeating: .empty, count: 16)
  private var shift: UInt64 = 60
  private var slotCount = 0
  /// Block behind block; -1 for what is not there.
  private var numbers: [Int32] = []
  private var unused: [Int32] = []

  private static let bits: UInt64 = 4
  private static let size = 1 << bits

  /// The number of a key; -1 where there is none.
  subscript(key: UInt64) -> Int {
    let (blockKey, mask) = (key >> Self.bits, slots.count - 1)
    var slot = home(of: blockKey)
    while true {
      let found = slots[slot]
      if found.key == blockKey { return Int(numbers[Int(found.block) &+ Self.place(of: key)]) }
      if found.block < 0 { return -1 }
      slot = (slot &+ 1) & mask
    }
  }

  /// - Parameter key: One that has no number.
  mutating func set(_ number: Int32, for key: UInt64) {
    if (slotCount + 1) * 2 > slots.count { grow() }
    let blockKey = key >> Self.bits
    var slot = home(of: blockKey)
    while slots[slot].key != blockKey && slots[slot].block >= 0 {
      slot = (slot + 1) & (slots.count - 1)
    }
    if slots[slot].block < 0 {
      let block = unused.popLast() ?? Int32(numbers.count)
      if Int(block) == numbers.count { numbers += repeatElement(-1, count: Self.size) }
      slots[slot] = Slot(key: blockKey, block: block, count: 0)
      slotCount += 1
    }
    slots[slot].count += 1
    numbers[Int(slots[slot].block) + Self.place(of: key)] = number
  }

  /// - Parameter key: One that has a number.
  mutating func remove(_ key: UInt64) {
    let (blockKey, mask) = (key >> Self.bits, slots.count - 1)
    var slot = home(of: blockKey)
    while slots[slot].key != blockKey { slot = (slot + 1) & mask }
    numbers[Int(slots[slot].block) + Self.place(of: key)] = -1
    slots[slot].count -= 1
    guard slots[slot].count == 0 else { return }
    unused.append(slots[slot].block)
    slotCount -= 1
    // What comes after and would not be found any more moves up.
    var next = slot
    while true {
      slots[slot] = .empty
      repeat {
        next = (next + 1) & mask
        if slots[next].block < 0 { return }
      } while (next - home(of: slots[next].key)) & mask < (next - slot) & mask
      slots[slot] = slots[next]
      slot = next
    }
  }

  private mutating func grow() {
    let old = slots
    slots = Array(repeating: .empty, count: old.count * 2)
    shift -= 1
    for held in old where held.block >= 0 {
      var slot = home(of: held.key)
      while slots[slot].block >= 0 { slot = (slot + 1) & (slots.count - 1) }
      slots[slot] = held
    }
  }

  private func home(of blockKey: UInt64) -> Int {
    Int(truncatingIfNeeded: (blockKey &* 0x9E37_79B9_7F4A_7C15) >> shift)
  }

  private static func place(of key: UInt64) -> Int {
    Int(truncatingIfNeeded: key) & (size - 1)
  }
}

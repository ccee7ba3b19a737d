internal import TexAllocAtlas

/// The glyphs of a cache by their keys, and when each was used last. Numbers only.
///
/// Entries stay where they are, so that a glyph that is kept elsewhere finds its own. Glyphs of one font
/// whose numbers are neighbours share a block, which says where the entry of each is; a hash finds the
/// block.
struct GlyphTable: ~Copyable {
  struct Entry {
    var glyph: CachedGlyph
    /// The frame of its last use; 0 for an entry that is free.
    var lastUse: UInt32
  }

  private(set) var entries = GrowingBuffer<Entry>(capacity: firstCapacity)
  /// Of each entry.
  private(set) var keys = GrowingBuffer<UInt64>(capacity: firstCapacity)
  /// The frame that is being built: what is used now is used in it.
  var frame: UInt32 = 1
  private(set) var count = 0
  /// How many came since the beginning.
  private(set) var insertedCount = 0
  private var unused: [UInt32] = []
  private var generation: UInt32 = 0
  private var blocks = BlockTable()
  /// Where the cells of entries are.
  var bands: GlyphBands

  init(bands: consuming GlyphBands) { self.bands = bands }

  /// About as many glyphs as a text of one size has.
  private static let firstCapacity = 1024

  /// The glyph of a key, which is used.
  @inline(__always)
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
    bands.insert(Int(entry), glyph)
    count += 1
    insertedCount += 1
    return glyph
  }

  /// Forgets what has to go where rows are cleared.
  ///
  /// - Parameter willRemove: Is given the key of each.
  mutating func remove(_ clearing: Clearing, willRemove: (_ key: UInt64) -> Void) {
    for entry in clearing.victims {
      willRemove(keys[entry])
      entries[entry].lastUse = 0
      unused.append(UInt32(entry))
      blocks.remove(keys[entry])
    }
    count -= clearing.victims.count
    bands.removeUnused(touching: clearing.rows, of: entries)
  }

  /// Has all glyphs last used in the first frame: where frames are counted anew.
  mutating func forgetUses() {
    for index in entries.indices where entries[index].lastUse > 0 { entries[index].lastUse = 1 }
  }
}

/// Numbers by keys, of which those that differ in the last bits share a block: open addressing.
struct BlockTable: ~Copyable {
  private struct Slot {
    /// Of the keys in the block, without their last bits; all ones where nothing is.
    var key: UInt64
    /// Where the block begins; -1 where nothing is.
    var block: Int32
    /// How many numbers are in the block.
    var count: Int32

    static let empty = Slot(key: .max, block: -1, count: 0)
  }

  /// As many as a power of two.
  private var slots = emptySlots(64)
  private var shift: UInt64 = 58
  private var slotCount = 0
  /// Block behind block; -1 for what is not there.
  private var numbers = GrowingBuffer<Int32>(capacity: 64 * size)
  private var unused: [Int32] = []

  private static let bits: UInt64 = 4
  private static let size = 1 << bits

  /// The number of a key; -1 where there is none.
  @inline(__always)
  subscript(key: UInt64) -> Int {
    let block = Int(slots[slot(of: key >> Self.bits)].block)
    return block < 0 ? -1 : Int(numbers[block &+ Self.place(of: key)])
  }

  /// - Parameter key: One that has no number.
  @inline(__always)
  mutating func set(_ number: Int32, for key: UInt64) {
    if (slotCount + 1) * 2 > slots.count { grow() }
    let slot = slot(of: key >> Self.bits)
    if slots[slot].block < 0 {
      slots[slot] = Slot(key: key >> Self.bits, block: takeBlock(), count: 0)
      slotCount += 1
    }
    slots[slot].count += 1
    numbers[Int(slots[slot].block) &+ Self.place(of: key)] = number
  }

  private mutating func takeBlock() -> Int32 {
    if let block = unused.popLast() { return block }
    let block = Int32(numbers.count)
    numbers.append(repeating: -1, count: Self.size)
    return block
  }

  /// - Parameter key: One that has a number.
  mutating func remove(_ key: UInt64) {
    var slot = slot(of: key >> Self.bits)
    precondition(slots[slot].block >= 0)
    numbers[Int(slots[slot].block) &+ Self.place(of: key)] = -1
    slots[slot].count -= 1
    guard slots[slot].count == 0 else { return }
    unused.append(slots[slot].block)
    slotCount -= 1
    // What comes after and would not be found any more moves up.
    let mask = slots.count - 1
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
    var grown = Self.emptySlots(slots.count * 2)
    swap(&slots, &grown)
    shift -= 1
    for index in grown.indices where grown[index].block >= 0 {
      slots[slot(of: grown[index].key)] = grown[index]
    }
  }

  private static func emptySlots(_ count: Int) -> GrowingBuffer<Slot> {
    var slots = GrowingBuffer<Slot>(capacity: count)
    slots.append(repeating: .empty, count: count)
    return slots
  }

  /// The slot that a block has, or would have.
  @inline(__always)
  private func slot(of blockKey: UInt64) -> Int {
    var slot = home(of: blockKey)
    while slots[slot].key != blockKey && slots[slot].block >= 0 {
      slot = (slot &+ 1) & (slots.count &- 1)
    }
    return slot
  }

  private func home(of blockKey: UInt64) -> Int {
    Int(truncatingIfNeeded: (blockKey &* 0x9E37_79B9_7F4A_7C15) >> shift)
  }

  private static func place(of key: UInt64) -> Int {
    Int(truncatingIfNeeded: key) & (size - 1)
  }
}

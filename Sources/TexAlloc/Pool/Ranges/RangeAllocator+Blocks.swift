extension RangeAllocator {
  /// One range, free or taken, with its neighbours by address and, when free, those in its bin; all in
  /// 24 bytes, because a million of them should stay near the processor.
  struct Block: Sendable {
    /// In units of the granularity.
    var offset, size: Int32
    var before = Blocks.none
    var after = Blocks.none
    var previousInBin = Blocks.none
    var nextInBin = Blocks.none

    init(offset: Int32, size: Int32) {
      self.offset = offset
      self.size = size
    }

    var end: Int32 { offset + size }

    /// A block that is taken is in no bin.
    var isFree: Bool {
      get { previousInBin != Blocks.taken }
      set { previousInBin = newValue ? Blocks.none : Blocks.taken }
    }
  }

  /// The blocks in the order of their addresses, kept in one array whose places are used again.
  struct Blocks: ~Copyable, Sendable {
    typealias Index = Int32

    /// No block.
    static let none: Index = -1
    /// Stands for the previous block of a bin where there is no bin.
    static let taken: Index = -2

    private var storage: ContiguousArray<Block> = []
    /// Places to use again, each naming the next as the one after it.
    private var vacant = none
    private(set) var first = none
    private(set) var last = none

    subscript(index: Index) -> Block {
      get { storage[Int(index)] }
      _modify { yield &storage[Int(index)] }
    }

    func holds(_ index: Index) -> Bool {
      storage.indices.contains(Int(index)) && storage[Int(index)].size > 0
    }

    /// Whether there is such a block, and it is free.
    func isFree(_ index: Index) -> Bool { index != Self.none && self[index].isFree }

    mutating func insert(_ block: Block) -> Index {
      let index: Index
      if vacant != Self.none {
        index = vacant
        vacant = self[index].after
        self[index] = block
      } else {
        index = Index(storage.count)
        storage.append(block)
      }
      if block.before != Self.none { self[block.before].after = index } else { first = index }
      if block.after != Self.none { self[block.after].before = index } else { last = index }
      return index
    }

    /// Cuts what lies below `start` off a block; nil where there is nothing.
    mutating func splitFront(of index: Index, at start: Int32) -> Index? {
      let block = self[index]
      guard start > block.offset else { return nil }
      var gap = Block(offset: block.offset, size: start - block.offset)
      gap.before = block.before
      gap.after = index
      self[index].offset = start
      self[index].size -= gap.size
      return insert(gap)
    }

    /// Cuts what lies at and above `end` off a block; nil where there is nothing.
    mutating func splitBack(of index: Index, at end: Int32) -> Index? {
      let block = self[index]
      guard end < block.end else { return nil }
      var rest = Block(offset: end, size: block.end - end)
      rest.before = index
      rest.after = block.after
      self[index].size -= rest.size
      return insert(rest)
    }

    /// Joins a block with the one after it, whose place becomes vacant.
    mutating func join(_ index: Index, with next: Index) {
      let joined = self[next]
      self[index].size += joined.size
      self[index].after = joined.after
      if joined.after != Self.none { self[joined.after].before = index } else { last = index }
      self[next].size = 0
      self[next].after = vacant
      vacant = next
    }
  }
}

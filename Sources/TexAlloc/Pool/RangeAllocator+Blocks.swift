extension RangeAllocator {
  /// One range, free or taken, with its neighbours by address and, when free, those in its bin.
  struct Block: Sendable {
    var offset, size: Int
    var isFree = true
    var before, after: Blocks.Index?
    var previousInBin, nextInBin: Blocks.Index?

    init(offset: Int, size: Int) {
      self.offset = offset
      self.size = size
    }
  }

  /// The blocks in the order of their addresses, kept in one array whose places are used again.
  struct Blocks: Sendable {
    typealias Index = Int32

    private var storage: ContiguousArray<Block> = []
    private var vacant: ContiguousArray<Index> = []
    private(set) var first: Index?

    subscript(index: Index) -> Block {
      get { storage[Int(index)] }
      _modify { yield &storage[Int(index)] }
    }

    func holds(_ index: Index) -> Bool {
      storage.indices.contains(Int(index)) && storage[Int(index)].size > 0
    }

    mutating func insert(_ block: Block) -> Index {
      let index: Index
      if let place = vacant.popLast() {
        storage[Int(place)] = block
        index = place
      } else {
        index = Index(storage.count)
        storage.append(block)
      }
      if let before = block.before { self[before].after = index } else { first = index }
      if let after = block.after { self[after].before = index }
      return index
    }

    /// Cuts what lies below `start` off a block; nil where there is nothing.
    mutating func splitFront(of index: Index, at start: Int) -> Index? {
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
    mutating func splitBack(of index: Index, at end: Int) -> Index? {
      let block = self[index]
      guard end < block.offset + block.size else { return nil }
      var rest = Block(offset: end, size: block.offset + block.size - end)
      rest.before = index
      rest.after = block.after
      self[index].size -= rest.size
      return insert(rest)
    }

    /// Joins a block with the one after it, whose place becomes vacant.
    mutating func join(_ index: Index, with next: Index) {
      let after = self[next].after
      self[index].size += self[next].size
      self[index].after = after
      if let after { self[after].before = index }
      self[next].size = 0
      vacant.append(next)
    }
  }
}

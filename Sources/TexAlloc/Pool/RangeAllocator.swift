/// Divides `0 ..< capacity` into ranges: numbers only, no memory, no lock.
///
/// Allocating and freeing take a bounded number of steps however many ranges live: free ranges wait
/// in bins by size, eight to an octave, and a bitmap finds the first bin whose every range is large
/// enough. Freed neighbours join at once. Full is nil, not an error.
package struct RangeAllocator: ~Copyable, Sendable {
  /// Proof of one allocation: it cannot be copied or made up, and is given back once.
  package struct Lease: ~Copyable, Sendable {
    package let range: Range<Int>
    fileprivate let block: Blocks.Index

    fileprivate init(range: Range<Int>, block: Blocks.Index) {
      self.range = range
      self.block = block
    }

    deinit { assertionFailure("the lease of \(range) was dropped, not given back") }

    fileprivate consuming func redeem() -> Blocks.Index {
      let block = block
      discard self
      return block
    }
  }

  package let capacity: Int
  /// Ranges begin and end at multiples of this.
  package let granularity: Int
  package private(set) var allocated = 0
  /// One past the highest number ever handed out.
  package private(set) var highWater = 0

  private var blocks = Blocks()
  private var bins = Bins()

  /// - Parameters:
  ///   - capacity: A positive multiple of `granularity`.
  ///   - granularity: A positive number.
  package init(capacity: Int, granularity: Int = 1) {
    precondition(granularity > 0 && capacity > 0 && capacity.isMultiple(of: granularity))
    self.capacity = capacity
    self.granularity = granularity
    let whole = blocks.insert(Block(offset: 0, size: capacity))
    bins.insert(whole, in: &blocks)
  }

  /// A range of `size`, rounded up to the granularity, that begins at a multiple of `alignment`; nil
  /// where no free range is surely large enough.
  ///
  /// - Parameters:
  ///   - size: A positive number.
  ///   - alignment: A positive number.
  package mutating func allocate(_ size: Int, alignment: Int = 1) -> Lease? {
    precondition(size > 0 && alignment > 0)
    guard size <= capacity, alignment <= capacity else { return nil }
    let size = size.roundedUp(toMultipleOf: granularity)
    let step = granularity.leastCommonMultiple(with: alignment)
    // A free range begins at a multiple of the granularity, but perhaps not yet of the step.
    let slack = step - granularity
    guard let found = bins.removeFirst(ofAtLeast: size + slack, in: &blocks) else { return nil }

    let start = blocks[found].offset.roundedUp(toMultipleOf: step)
    guard start + size <= blocks[found].offset + blocks[found].size else {
      bins.insert(found, in: &blocks)
      return nil
    }
    if let gap = blocks.splitFront(of: found, at: start) { bins.insert(gap, in: &blocks) }
    if let rest = blocks.splitBack(of: found, at: start + size) { bins.insert(rest, in: &blocks) }
    blocks[found].isFree = false
    allocated += size
    highWater = max(highWater, start + size)
    return Lease(range: start..<start + size, block: found)
  }

  /// Takes a range back. The lease must be one of this allocator's own.
  package mutating func free(_ lease: consuming Lease) {
    let range = lease.range
    var block = lease.redeem()
    precondition(
      blocks.holds(block) && !blocks[block].isFree && blocks[block].offset == range.lowerBound,
      "the lease of \(range) belongs to another allocator")
    allocated -= range.count
    if let before = blocks[block].before, blocks[before].isFree {
      bins.remove(before, in: &blocks)
      blocks.join(before, with: block)
      block = before
    }
    if let after = blocks[block].after, blocks[after].isFree {
      bins.remove(after, in: &blocks)
      blocks.join(block, with: after)
    }
    blocks[block].isFree = true
    bins.insert(block, in: &blocks)
  }
}

extension RangeAllocator {
  /// The free ranges from low to high: for tests and pictures, in time that grows with their number.
  package var freeRanges: [Range<Int>] {
    var ranges: [Range<Int>] = []
    var next = blocks.first
    while let index = next {
      let block = blocks[index]
      if block.isFree { ranges.append(block.offset..<block.offset + block.size) }
      next = block.after
    }
    return ranges
  }

  /// Traps where a link, a bin or a sum is wrong.
  package func checkInvariants() {
    var end = 0
    var used = 0
    var freeCount = 0
    var previous: Blocks.Index?
    var next = blocks.first
    while let index = next {
      let block = blocks[index]
      precondition(block.size > 0 && block.offset == end && block.before == previous)
      if let previous { precondition(!(blocks[previous].isFree && block.isFree), "not joined") }
      if block.isFree { freeCount += 1 } else { used += block.size }
      end += block.size
      previous = index
      next = block.after
    }
    precondition(end == capacity && used == allocated && bins.count(in: blocks) == freeCount)
  }
}

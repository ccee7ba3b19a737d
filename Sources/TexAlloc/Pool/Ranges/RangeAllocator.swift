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

    /// What no other lease of its allocator is called that lives: a small number.
    package var number: Int { Int(block) }

    deinit { assertionFailure("the lease of \(range) was dropped, not given back") }

    fileprivate consuming func redeem() -> Blocks.Index {
      let block = block
      discard self
      return block
    }
  }

  package let capacity: Int
  package private(set) var allocated = 0

  private let granularityBits: Int
  private var blocks = Blocks()
  private var bins = Bins()

  /// The largest capacity that can be divided.
  package static func largestCapacity(granularity: Int) -> Int { Int(Int32.max) * granularity }

  /// - Parameters:
  ///   - capacity: A positive multiple of `granularity`, at most ``largestCapacity(granularity:)``.
  ///   - granularity: A power of two, of which ranges begin and end at multiples.
  package init(capacity: Int, granularity: Int = 1) {
    precondition(granularity > 0 && granularity.nonzeroBitCount == 1)
    precondition(capacity > 0 && capacity.isMultiple(of: granularity))
    self.capacity = capacity
    granularityBits = granularity.trailingZeroBitCount
    let whole = blocks.insert(Block(offset: 0, size: Int32(capacity >> granularityBits)))
    bins.insert(whole, in: &blocks)
  }

  /// Ranges begin and end at multiples of this.
  package var granularity: Int { 1 << granularityBits }

  /// A range of `size`, rounded up to the granularity, that begins at a multiple of `alignment`; nil
  /// where there is none, or none is found in the time that an allocation may take.
  ///
  /// - Parameters:
  ///   - size: A positive number.
  ///   - alignment: A positive number.
  package mutating func allocate(_ size: Int, alignment: Int = 1) -> Lease? {
    precondition(size > 0 && alignment > 0)
    guard size <= capacity, alignment <= capacity else { return nil }
    let units = Int32(truncatingIfNeeded: (size + granularity - 1) >> granularityBits)
    // The least common multiple of the granularity, a power of two, and the alignment, in units.
    let step = alignment >> min(granularityBits, alignment.trailingZeroBitCount)
    guard let step = Int32(exactly: step),
      let found = bins.removeFirst(with: units, at: step, in: &blocks),
      let start = blocks[found].start(for: units, at: step)
    else { return nil }
    if let gap = blocks.splitFront(of: found, at: start) { bins.insert(gap, in: &blocks) }
    if let rest = blocks.splitBack(of: found, at: start + units) { bins.insert(rest, in: &blocks) }
    return take(found)
  }

  private mutating func take(_ index: Blocks.Index) -> Lease {
    blocks[index].isFree = false
    let range = numbers(of: blocks[index])
    allocated += range.count
    return Lease(range: range, block: index)
  }

  /// Takes a range back. The lease must be one of this allocator's own.
  package mutating func free(_ lease: consuming Lease) {
    let range = lease.range
    var index = lease.redeem()
    precondition(
      blocks.holds(index) && !blocks[index].isFree && numbers(of: blocks[index]) == range,
      "the lease of \(range) belongs to another allocator")
    allocated -= range.count
    let (before, after) = (blocks[index].before, blocks[index].after)
    if blocks.isFree(before) {
      bins.remove(before, in: &blocks)
      blocks.join(before, with: index)
      index = before
    }
    if blocks.isFree(after) {
      bins.remove(after, in: &blocks)
      blocks.join(index, with: after)
    }
    bins.insert(index, in: &blocks)
  }

  /// The free range that begins where a lease's ends; nil where none does.
  package func freeRange(after lease: borrowing Lease) -> Range<Int>? {
    let after = blocks[lease.block].after
    return blocks.isFree(after) ? numbers(of: blocks[after]) : nil
  }

  /// Takes every free range that is wanted, whole, from high to low: in time that grows with the number
  /// of ranges.
  package mutating func takeFreeRanges(
    where isWanted: (Range<Int>) -> Bool, take: (consuming Lease) -> Void
  ) {
    var index = blocks.last
    while index != Blocks.none {
      if blocks[index].isFree, isWanted(numbers(of: blocks[index])) {
        bins.remove(index, in: &blocks)
        take(self.take(index))
      }
      index = blocks[index].before
    }
  }

  private func numbers(of block: Block) -> Range<Int> {
    Int(block.offset) << granularityBits..<Int(block.end) << granularityBits
  }
}

extension RangeAllocator {
  /// The free ranges from low to high: for tests and pictures, in time that grows with their number.
  package var freeRanges: [Range<Int>] {
    var ranges: [Range<Int>] = []
    var index = blocks.first
    while index != Blocks.none {
      if blocks[index].isFree { ranges.append(numbers(of: blocks[index])) }
      index = blocks[index].after
    }
    return ranges
  }

  /// Traps where a link, a bin or a sum is wrong.
  package func checkInvariants() {
    var end: Int32 = 0
    var used = 0
    var freeCount = 0
    var previous = Blocks.none
    var index = blocks.first
    while index != Blocks.none {
      let block = blocks[index]
      precondition(block.size > 0 && block.offset == end && block.before == previous)
      precondition(!(blocks.isFree(previous) && block.isFree), "not joined")
      if block.isFree { freeCount += 1 } else { used += numbers(of: block).count }
      end = block.end
      previous = index
      index = block.after
    }
    precondition(Int(end) << granularityBits == capacity && used == allocated)
    precondition(bins.count(in: blocks) == freeCount)
  }
}

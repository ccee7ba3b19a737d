extension RangeAllocator {
  /// Free blocks by size: bin `8 * octave + step`, eight steps to an octave, sizes below eight exact.
  struct Bins: Sendable {
    private static let stepBits = 3
    private static let steps = 1 << stepBits
    private static let octaves = Int.bitWidth - stepBits

    private var heads = ContiguousArray<Blocks.Index?>(repeating: nil, count: octaves * steps)
    /// A bit for each step of an octave that has blocks, and one for each octave that has any.
    private var occupiedSteps = ContiguousArray<UInt8>(repeating: 0, count: octaves)
    private var occupiedOctaves: UInt64 = 0

    /// The bin of a block of this size: each of its blocks has at least the size that it begins at.
    private static func bin(holding size: Int) -> Int {
      guard size >= steps else { return size }
      let exponent = Int.bitWidth - 1 - size.leadingZeroBitCount
      let step = size >> (exponent - stepBits) & (steps - 1)
      return (exponent - stepBits + 1) << stepBits | step
    }

    /// The first bin whose every block has at least this size.
    private static func bin(sufficingFor size: Int) -> Int {
      guard size >= steps else { return size }
      let exponent = Int.bitWidth - 1 - size.leadingZeroBitCount
      return bin(holding: size + (1 << (exponent - stepBits)) - 1)
    }

    mutating func insert(_ index: Blocks.Index, in blocks: inout Blocks) {
      let bin = Self.bin(holding: blocks[index].size)
      let head = heads[bin]
      blocks[index].previousInBin = nil
      blocks[index].nextInBin = head
      if let head { blocks[head].previousInBin = index }
      heads[bin] = index
      occupiedSteps[bin >> Self.stepBits] |= 1 << (bin & (Self.steps - 1))
      occupiedOctaves |= 1 << (bin >> Self.stepBits)
    }

    mutating func remove(_ index: Blocks.Index, in blocks: inout Blocks) {
      let (previous, next) = (blocks[index].previousInBin, blocks[index].nextInBin)
      if let next { blocks[next].previousInBin = previous }
      if let previous {
        blocks[previous].nextInBin = next
        return
      }
      let bin = Self.bin(holding: blocks[index].size)
      heads[bin] = next
      guard next == nil else { return }
      let octave = bin >> Self.stepBits
      occupiedSteps[octave] &= ~(1 << (bin & (Self.steps - 1)))
      if occupiedSteps[octave] == 0 { occupiedOctaves &= ~(1 << octave) }
    }

    /// Takes out a block that has at least `size`: one of the smallest bin that surely holds such, or
    /// else the first of the bin where a block of just this size would wait.
    mutating func removeFirst(ofAtLeast size: Int, in blocks: inout Blocks) -> Blocks.Index? {
      if let found = occupiedBin(from: Self.bin(sufficingFor: size)).flatMap({ heads[$0] }) {
        remove(found, in: &blocks)
        return found
      }
      if let near = heads[Self.bin(holding: size)], blocks[near].size >= size {
        remove(near, in: &blocks)
        return near
      }
      return nil
    }

    private func occupiedBin(from bin: Int) -> Int? {
      let octave = bin >> Self.stepBits
      let steps = occupiedSteps[octave] & (.max << (bin & (Self.steps - 1)))
      if steps != 0 { return octave << Self.stepBits | steps.trailingZeroBitCount }
      let octaves = occupiedOctaves & (.max << (octave + 1))
      guard octaves != 0 else { return nil }
      let next = octaves.trailingZeroBitCount
      return next << Self.stepBits | occupiedSteps[next].trailingZeroBitCount
    }

    func count(in blocks: Blocks) -> Int {
      heads.reduce(0) { sum, head in
        sum
          + sequence(first: head) { $0.flatMap { blocks[$0].nextInBin } }.prefix { $0 != nil }.count
      }
    }
  }
}

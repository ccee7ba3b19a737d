extension RangeAllocator {
  /// Free blocks by size: bin `8 * octave + step`, eight steps to an octave, sizes below eight exact.
  struct Bins: ~Copyable, Sendable {
    private static let stepBits: Int32 = 3
    private static let steps: Int32 = 1 << stepBits
    private static let octaves = 29
    /// How many blocks are looked at where none is surely large enough.
    private static let patience = 16

    private var heads = ContiguousArray(repeating: Blocks.none, count: octaves * Int(steps))
    /// A bit for each step of an octave that has blocks, and one for each octave that has any.
    private var occupiedSteps = ContiguousArray<UInt8>(repeating: 0, count: octaves)
    private var occupiedOctaves: UInt32 = 0

    /// The bin of a block of this size: each of its blocks has at least the size that it begins at.
    private static func bin(holding size: Int32) -> Int {
      guard size >= steps else { return Int(size) }
      let exponent = Int32(Int32.bitWidth - 1 - size.leadingZeroBitCount)
      let step = size >> (exponent - stepBits) & (steps - 1)
      return Int((exponent - stepBits + 1) << stepBits | step)
    }

    /// The first bin whose every block has at least this size; it may be one past the last.
    private static func bin(sufficingFor size: Int32) -> Int {
      size == 0 ? 0 : bin(holding: size - 1) + 1
    }

    mutating func insert(_ index: Blocks.Index, in blocks: inout Blocks) {
      let bin = Self.bin(holding: blocks[index].size)
      let head = heads[bin]
      blocks[index].previousInBin = Blocks.none
      blocks[index].nextInBin = head
      if head != Blocks.none { blocks[head].previousInBin = index }
      heads[bin] = index
      let (octave, step) = Self.place(of: bin)
      occupiedSteps[octave] |= 1 << step
      occupiedOctaves |= 1 << octave
    }

    mutating func remove(_ index: Blocks.Index, in blocks: inout Blocks) {
      let block = blocks[index]
      if block.nextInBin != Blocks.none {
        blocks[block.nextInBin].previousInBin = block.previousInBin
      }
      if block.previousInBin != Blocks.none {
        blocks[block.previousInBin].nextInBin = block.nextInBin
        return
      }
      let bin = Self.bin(holding: block.size)
      heads[bin] = block.nextInBin
      guard block.nextInBin == Blocks.none else { return }
      let (octave, step) = Self.place(of: bin)
      occupiedSteps[octave] &= ~(1 << step)
      if occupiedSteps[octave] == 0 { occupiedOctaves &= ~(1 << octave) }
    }

    /// Takes out a block with room for `size` at a multiple of `step`: the newest of its own bin if it
    /// has, which wastes least, else the first of the smallest bin that surely has it, or else one of
    /// the first few that may have it.
    mutating func removeFirst(
      with size: Int32, at step: Int32, in blocks: inout Blocks
    ) -> Blocks.Index? {
      let (sure, overflow) = size.addingReportingOverflow(step - 1)
      let newest = heads[Self.bin(holding: size)]
      var found: Blocks.Index?
      if newest != Blocks.none, blocks[newest].start(for: size, at: step) != nil {
        found = newest
      } else if !overflow, let bin = occupiedBin(from: Self.bin(sufficingFor: sure)) {
        found = heads[bin]
      } else {
        found = search(for: size, at: step, in: blocks)
      }
      if let found { remove(found, in: &blocks) }
      return found
    }

    private func search(
      for size: Int32, at step: Int32, in blocks: borrowing Blocks
    ) -> Blocks.Index? {
      var next = Self.bin(holding: size)
      var patience = Self.patience
      while let bin = occupiedBin(from: next) {
        var index = heads[bin]
        while index != Blocks.none {
          guard patience > 0 else { return nil }
          patience -= 1
          if blocks[index].start(for: size, at: step) != nil { return index }
          index = blocks[index].nextInBin
        }
        next = bin + 1
      }
      return nil
    }

    private static func place(of bin: Int) -> (octave: Int, step: Int) {
      (bin >> Int(stepBits), bin & Int(steps - 1))
    }

    private func occupiedBin(from bin: Int) -> Int? {
      let (octave, step) = Self.place(of: bin)
      guard octave < Self.octaves else { return nil }
      let steps = occupiedSteps[octave] & (.max << step)
      if steps != 0 { return octave << Int(Self.stepBits) | steps.trailingZeroBitCount }
      let octaves = occupiedOctaves & (.max << (octave + 1))
      guard octaves != 0 else { return nil }
      let next = octaves.trailingZeroBitCount
      return next << Int(Self.stepBits) | occupiedSteps[next].trailingZeroBitCount
    }

    /// How many blocks there are, in time that grows with their number.
    func count(in blocks: borrowing Blocks) -> Int {
      var count = 0
      for bin in heads.indices {
        var index = heads[bin]
        while index != Blocks.none {
          count += 1
          index = blocks[index].nextInBin
        }
      }
      return count
    }
  }
}

extension RangeAllocator.Block {
  /// Where `size` at a multiple of `step` would begin; nil where there is no room.
  func start(for size: Int32, at step: Int32) -> Int32? {
    guard step > 1 else { return size <= self.size ? offset : nil }
    let past = offset % step
    let gap = past == 0 ? 0 : step - past
    return self.size - size >= gap ? offset + gap : nil
  }
}

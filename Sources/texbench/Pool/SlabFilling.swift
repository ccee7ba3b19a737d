internal import TexAlloc

/// How full a slab is at the first failure after churn.
///
/// The slab is filled to 80 % with the sizes of textures. Then, 20,000 times, a random one is freed,
/// and new ones are allocated while they keep within the 80 %. At last allocating goes on until one
/// does not fit.
struct SlabFilling {
  private let slabBytes: Int
  /// In percent of the slab, over 50 seeds.
  private let worst, median, best: Double

  init(slabBytes: Int) {
    self.slabBytes = slabBytes
    let shares = (0..<50).map { Self.share(of: slabBytes, seed: $0) }.sorted()
    (worst, median, best) = (shares[0], shares[shares.count / 2], shares[shares.count - 1])
  }

  private static func share(of slabBytes: Int, seed: UInt64) -> Double {
    var sizes = TextureSizes(seed: seed)
    var random = SplitMix64(seed: seed)
    var ranges = RangeAllocator(capacity: slabBytes, granularity: 4096)
    var live: [HeldLease] = []

    /// Answers whether there was room.
    func allocate(_ size: Int) -> Bool {
      guard let lease = ranges.allocate(size) else { return false }
      live.append(HeldLease(lease))
      return true
    }

    for _ in 0..<20_000 {
      if let last = live.indices.last {
        live.swapAt(.random(in: 0...last, using: &random), last)
        if let lease = live.removeLast().take() { ranges.free(lease) }
      }
      var size = sizes.next()
      while ranges.allocated + size <= slabBytes / 5 * 4, allocate(size) { size = sizes.next() }
    }
    while allocate(sizes.next()) {}
    let share = 100 * Double(ranges.allocated) / Double(slabBytes)
    for held in live { if let lease = held.take() { ranges.free(lease) } }
    return share
  }
}

extension SlabFilling {
  var figure: Figure {
    Figure(
      title: "in use at the first failure under churn", name: "slab of \(slabBytes >> 20) MiB",
      value: median, unit: .percent,
      note: "median of 50 runs; worst \(Int(worst)) %, best \(Int(best)) %;"
        + " \(TextureSizes.description)")
  }
}

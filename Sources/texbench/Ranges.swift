/// What the range allocator costs: each pair frees one of the live ranges and allocates another in
/// its stead, each of them in turn.
struct Ranges {
  /// Pairs of runs for each figure.
  let pairs: Int
  private static let operations = 10_000
  private static let blockSize = 64 << 10

  /// 10,000 live ranges of 64 KiB against as many live blocks of glibc's.
  func equalSizes() -> Comparison {
    var ranges = Self.ranges(10_000)
    var blocks = LiveBlocks(count: 10_000, size: Self.blockSize)
    return compare(
      "range of 64 KiB, 10,000 live", { _ in ranges.replaceNext(size: Self.blockSize) },
      "malloc of 64 KiB, 10,000 live", { _ in blocks.replaceNext() })
  }

  /// 10,000 live ranges of the sizes of textures, in two thirds of the slab, against the same blocks.
  func textureSizes() -> Comparison {
    var sizes = TextureSizes(seed: 1)
    let first = (0..<10_000).map { _ in sizes.next() }
    let next = (0..<Self.operations).map { _ in sizes.next() }
    var ranges = LiveRanges(
      count: first.count, capacity: first.reduce(0, +) / 4096 * 3 / 2 * 4096,
      in: .shuffled, size: { first[$0] })
    var blocks = LiveBlocks(count: first.count, size: Self.blockSize)
    return compare(
      "range of a texture's size, 10,000 live", { ranges.replaceNext(size: next[$0]) },
      "malloc of 64 KiB, 10,000 live", { _ in blocks.replaceNext() })
  }

  /// A million live ranges against a hundred, all of 64 KiB.
  func many(_ order: TurnOrder) -> Comparison {
    var many = Self.ranges(1_000_000, order)
    var few = Self.ranges(100, order)
    return compare(
      "range, 1,000,000 live, \(order.rawValue)", { _ in many.replaceNext(size: Self.blockSize) },
      "range, 100 live", { _ in few.replaceNext(size: Self.blockSize) })
  }

  private static func ranges(_ count: Int, _ order: TurnOrder = .shuffled) -> LiveRanges {
    LiveRanges(count: count, capacity: count * blockSize * 3 / 2, in: order) { _ in blockSize }
  }

  /// - Parameters:
  ///   - subject: A pair, given its place in the run.
  ///   - baseline: The same.
  private func compare(
    _ subjectName: String, _ subject: (Int) -> Void,
    _ baselineName: String, _ baseline: (Int) -> Void
  ) -> Comparison {
    func run(_ pair: (Int) -> Void) { for place in 0..<Self.operations { pair(place) } }
    return Comparison(
      subject: subjectName, baseline: baselineName, operations: Self.operations,
      runs: PairedRuns(
        count: pairs, iterations: 1, subject: { run(subject) }, baseline: { run(baseline) }))
  }
}

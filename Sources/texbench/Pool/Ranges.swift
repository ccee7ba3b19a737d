/// What the range allocator costs: each pair frees one of the live ranges and allocates another in
/// its stead, each of them in turn.
enum Ranges {
  private static let pairs = 10_000
  private static let blockSize = 64 << 10

  /// 10,000 live ranges, of 64 KiB and of the sizes of textures, against as many live blocks of glibc's.
  static var besideMalloc: Comparison {
    Comparison(
      title: "10,000 live", item: "free + allocate",
      routes: [
        Route(name: "malloc of 64 KiB", items: pairs) {
          let blocks = LiveBlocks(count: 10_000, size: blockSize)
          return { _ in for _ in 0..<pairs { blocks.replaceNext() } }
        },
        Route(name: "range of 64 KiB", items: pairs, isOurs: true) {
          let ranges = ranges(10_000, .shuffled)
          return { _ in for _ in 0..<pairs { ranges.replaceNext(size: blockSize) } }
        },
        Route(
          name: "range of a texture's size, slab two thirds full", items: pairs, isOurs: true
        ) {
          var sizes = TextureSizes(seed: 1)
          let first = (0..<10_000).map { _ in sizes.next() }
          let next = (0..<pairs).map { _ in sizes.next() }
          let ranges = LiveRanges(
            count: first.count, capacity: first.reduce(0, +) / 4096 * 3 / 2 * 4096, in: .shuffled,
            size: { first[$0] })
          return { _ in for size in next { ranges.replaceNext(size: size) } }
        },
      ])
  }

  /// From a hundred live ranges of 64 KiB to a million.
  static func growth(_ order: TurnOrder) -> Comparison {
    Comparison(
      title: "ranges of 64 KiB, replaced \(order.rawValue)", item: "free + allocate",
      axis: "live ranges",
      routes: [100, 1_000, 10_000, 100_000, 1_000_000].map { count in
        Route(name: "\(count.grouped) live", items: pairs, position: count) {
          let ranges = ranges(count, order)
          return { _ in for _ in 0..<pairs { ranges.replaceNext(size: blockSize) } }
        }
      })
  }

  private static func ranges(_ count: Int, _ order: TurnOrder) -> LiveRanges {
    LiveRanges(count: count, capacity: count * blockSize * 3 / 2, in: order) { _ in blockSize }
  }
}

internal import TexAlloc

/// Threads that allocate and free images of one pool.
enum Contention {
  /// Of each thread: many, beside which it is nothing that one starts after the other.
  private static let pairs = 2_000

  static var growth: Comparison {
    Comparison(
      title: "threads that allocate from one pool", item: "allocate + free", clock: .wall,
      axis: "threads",
      routes: [1, 2, 4, 8].map { count in
        Route(name: "\(count) at once", items: count * pairs, position: count) {
          let pool = try TexturePool(for: [], from: [MemfdHeap()])
          let image = ImageDescriptor(width: 128, height: 128, formats: [.abgr8888])
          return { _ in
            try Threads.run(count) { _ in
              for _ in 0..<pairs { _ = try pool.allocate(image) }
            }
          }
        }
      })
  }
}

internal import ArgumentParser
internal import TexAlloc

struct Pool: Measurement {
  static let configuration = CommandConfiguration(
    commandName: "pool",
    abstract: "Images of a pool and its ranges beside glibc's malloc, and how full slabs get.")

  @OptionGroup var options: RunOptions

  func measure(on bench: Bench) throws {
    bench.compare(Ranges.besideMalloc)
    bench.compare(WarmImages.besideMalloc)
    for order in [TurnOrder.shuffled, .oldestFirst] { bench.compare(Ranges.growth(order)) }
    bench.compare(Ranges.records)
    bench.compare(Contention.growth)
    for pages in [PageSizes.ready, PageSizes.mappedAnew] { bench.compare(pages) }
    do { bench.add(try WarmImages.allocations()) } catch {
      bench.leaveOut("allocations of a warm image", because: "\(error)")
    }
    for size in [4, 16, 64] { bench.add(SlabFilling(slabBytes: size << 20).figure) }
  }
}

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

internal import ArgumentParser

struct Pool: Measurement {
  static let configuration = CommandConfiguration(
    commandName: "pool",
    abstract: "The range allocator beside glibc's malloc, and how full its slabs get.")

  @OptionGroup var options: RunOptions

  func measure(on bench: Bench) throws {
    bench.compare(Ranges.besideMalloc)
    for order in [TurnOrder.shuffled, .oldestFirst] { bench.compare(Ranges.growth(order)) }
    bench.compare(Contention.growth)
    for pages in [PageSizes.ready, PageSizes.mappedAnew] { bench.compare(pages) }
    for size in [4, 16, 64] { bench.add(SlabFilling(slabBytes: size << 20).figure) }
  }
}

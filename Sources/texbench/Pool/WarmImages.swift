internal import CTexbench
internal import TexAlloc

/// What an image costs whose memory the pool has at hand: it is allocated and let go of.
enum WarmImages {
  private static let pairs = 10_000
  private static let size = 128 * 128 * 4

  static var besideMalloc: Comparison {
    Comparison(
      title: "64 KiB that are at hand", item: "allocate + release",
      routes: [
        Route(name: "malloc + free", items: pairs) {
          let block = LiveBlocks(count: 1, size: size)
          return { _ in for _ in 0..<pairs { block.replaceNext() } }
        },
        Route(name: "image of a pool", items: pairs, isOurs: true, goal: Goal(cpu: 800)) {
          let (pool, image) = (try pool(), image)
          return { _ in for _ in 0..<pairs { _ = try pool.allocate(image) } }
        },
        Route(name: "image of a pool, described anew", items: pairs, isOurs: true) {
          let pool = try pool()
          return { _ in for _ in 0..<pairs { _ = try pool.allocate(image) } }
        },
      ])
  }

  /// - Throws: `Uncounted` where this process is not told of allocations.
  static func allocations() throws -> Figure {
    let (pool, image, block) = (try pool(), image, LiveBlocks(count: 1, size: size))
    func count(_ body: () throws -> Void) rethrows -> Double {
      let before = texbench_allocations()
      for _ in 0..<pairs { try body() }
      return Double(texbench_allocations() - before) / Double(pairs)
    }
    _ = try pool.allocate(image)
    guard count({ block.replaceNext() }) == 1 else { throw Uncounted() }
    return Figure(
      title: "allocations by malloc beside the buffer that is returned", name: "a warm image",
      value: try count { _ = try pool.allocate(image) } - 1, unit: .number,
      note: "mean of \(pairs.grouped), all of the calling thread's")
  }

  private static func pool() throws -> TexturePool {
    try TexturePool(for: [Device()], from: [MemfdHeap()])
  }

  private static var image: ImageDescriptor {
    ImageDescriptor(width: 128, height: 128, formats: [.abgr8888])
  }

  /// One that states what a GPU does.
  private struct Device: Component {
    let attributes = BufferAttributes(name: "gpu") {
      $0.formats = [Format(.abgr8888), Format(.xbgr8888), Format(.r8), Format(.nv12)]
      $0.pitchAlignment = 64
      $0.maxWidth = 16_384
      $0.maxHeight = 16_384
      $0.deviceUsage = [.sample, .render]
    }
  }

  private struct Uncounted: Error, CustomStringConvertible {
    var description: String { "malloc is the sanitizer's or another library's here" }
  }
}

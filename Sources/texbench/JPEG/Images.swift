internal import TexAlloc
internal import TexAllocEGL

/// What an image costs as more of them live: its slot, its pixels, its EGLImage, and their end.
struct Images {
  private let gpu: EGLDevice
  private let pools: HeapPools

  init(_ gpu: EGLDevice, _ pools: HeapPools) {
    self.gpu = gpu
    self.pools = pools
  }

  func measure(on bench: Bench) {
    let title = "images of 32x32 beside others, the oldest replaced"
    let (limit, wanted, others) = (gpu.imageLimit, 10_000, 1_500)
    // Those of the other routes live beside them, and those that are being replaced.
    let most = min(wanted, limit.images - others)
    if most < wanted {
      bench.leaveOut(
        "\(title): more than \(max(0, most).grouped) live",
        because: "with \(limit.descriptors.grouped) descriptors and \(limit.mappings.grouped)"
          + " mappings \(limit.images.grouped) may live, \(others.grouped) of them elsewhere")
    }
    guard most > 0 else { return }
    let counts = [1, 10, 100, 1_000].filter { $0 < most } + [most]
    let image = ImageDescriptor(width: 32, height: 32, formats: [.abgr8888])
    bench.compare(
      Comparison(
        title: title, item: "image", axis: "live images",
        routes: counts.map { count in
          Route(name: "\(count.grouped) live", items: Self.replaced, position: count) {
            try gpu.collect()
            let pool = try pools.pool()
            var live = try (0..<count).map { _ in try make(image, in: pool) }
            var place = 0
            return { _ in
              for _ in 0..<Self.replaced {
                live[place] = try make(image, in: pool)
                place = (place + 1) % count
                try gpu.collect()
              }
            }
          }
        }))
  }

  private static let replaced = 20

  private func make(_ image: ImageDescriptor, in pool: TexturePool) throws -> Texture {
    let buffer = try pool.allocate(image)
    do {
      var writer = buffer.writer()
      writer.fill(0..<image.height, with: 255)
    }
    return try gpu.register(buffer)
  }
}

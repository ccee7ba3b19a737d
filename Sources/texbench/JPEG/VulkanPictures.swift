internal import ProgramSupport
internal import TexAlloc
internal import TexAllocAudit
internal import TexAllocJPEG
internal import TexAllocVulkan

/// The ways of one picture into memory of a device of Vulkan, where it is sampled in place.
struct VulkanPictures {
  let picture: Picture
  let pools: VulkanPools
  let isTraced: Bool

  /// - Parameter doubt: Why figures of write-combining memory say little.
  func comparison(doubt: String?) -> Comparison {
    Comparison(
      title: "\(picture.name) on Vulkan, \(pools.gpu.description.name)", item: "image",
      isMain: picture.isTypical,
      routes: [bare]
        + pools.heaps.flatMap { heap in
          [CopyKind.memcpy, .streaming, .none].map { route(to: heap, by: $0, doubt) }
        } + planes)
  }

  private var size: ImageSize { ImageSize(width: picture.width, height: picture.height) }

  /// The limit. Then another texture is drawn, so that each begins in caches that drawing has passed through.
  private var bare: Route {
    Route(name: "bare decode: tjDecompress2 into warm memory") {
      let pixels = OrdinaryPixels(for: picture)
      let screen = try VulkanScreen(size, on: pools.gpu)
      let pool = try TexturePool(for: [pools.gpu, JPEGDecoder.component])
      var watch = Stopwatch()
      let texture = try pools.gpu.register(
        PictureFiller(picture, in: pool, by: .none).fill(&watch))
      return { watch in
        try pixels.decode()
        watch.end(.decode)
        watch.finish()
        try screen.draw(texture, &watch)
      }
    }
  }

  private func route(to heap: any Heap, by copy: CopyKind, _ doubt: String?) -> Route {
    let isLarge = picture.width * picture.height >= 1920 * 1080
    var route = Route(
      name: copy.routeName(to: heap.label, "sampled in place"), isOurs: copy == .none,
      goal: copy == .none && isLarge ? Goal(ratio: 1.03) : nil,
      warning: heap.isWriteCombining ? doubt : nil
    ) {
      let gpu = pools.gpu
      let filler = try filler(on: heap, by: copy)
      let screen = try VulkanScreen(size, on: gpu)
      return { watch in
        do {
          let texture = try gpu.register(filler.fill(&watch))
          watch.end(.register)
          watch.finish()
          try screen.draw(texture, &watch)
        }
        try gpu.collect()
        watch.end(.release)
        try pools.waitForGPU()
      }
    }
    if heap.isWriteCombining {
      route.foretoldBy = pools.traced.map { copy.routeName(to: $0.label, "sampled in place") }
    } else if heap.name == pools.traced?.name, isTraced {
      route.trace = {
        let pool = try pools.pool(on: heap, with: JPEGDecoder.component)
        let filler = PictureFiller(picture, in: pool, by: copy)
        var watch = Stopwatch()
        _ = try filler.fill(&watch)
        let audit = try Audit(of: pool)
        _ = try filler.fill(&watch)
        return AccessCounts(audit.finish())
      }
    }
    return route
  }

  private func filler(on heap: any Heap, by copy: CopyKind) throws -> PictureFiller {
    PictureFiller(
      picture, in: try pools.pool(on: heap, with: JPEGDecoder.component), by: copy)
  }

  /// Luma and chroma as the file has them, where the device takes them.
  private var planes: [Route] {
    var options = DecodingOptions()
    options.prefersPlanes = true
    guard let image = try? JPEGImage(picture.bytes, named: picture.name, options),
      image.planarObstacle == nil
    else { return [] }
    return pools.heaps.map { heap in
      Route(name: "planes: straight into \(heap.label), sampled in place") {
        let pool = try pools.pool(on: heap, with: JPEGDecoder.component)
        return { watch in
          do {
            let image = try JPEGImage(picture.bytes, named: picture.name, options)
            let buffer = try pool.allocate(image.descriptor)
            try image.decode(into: buffer)
            watch.end(.decode)
            _ = try pools.gpu.register(buffer)
            watch.end(.register)
            watch.finish()
          }
          try pools.gpu.collect()
          watch.end(.release)
          try pools.waitForGPU()
        }
      }
    }
  }
}

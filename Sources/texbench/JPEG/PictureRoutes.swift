internal import CTexbench
internal import ProgramSupport
internal import TexAlloc
internal import TexAllocAudit
internal import TexAllocEGL
internal import TexAllocJPEG

/// The ways of one picture from a file in memory to a texture that is bound.
struct PictureRoutes {
  static let rival = "decode, glTexSubImage2D"

  let picture: Picture
  let gpu: EGLDevice
  let pools: HeapPools
  /// Where all read back to, so that it counts as nobody's memory.
  let readback: OrdinaryPixels
  /// Whether routes are traced: that takes each a second for a quarter of a million pixels.
  let isTraced: Bool

  /// All that this machine has.
  func all(on bench: Bench) -> [Route] {
    if !texbench_has_stb {
      bench.leaveOut("stb_image", because: "libstb-dev was not there when texbench was built")
    }
    if !isTraced, pools.heaps.contains(where: { !$0.isWriteCombining }) {
      bench.leaveOut(
        "\(picture.name): models",
        because: "a trace takes a second for a quarter of a million pixels")
    }
    let doubt = bench.report.environment.doubtAboutWriteCombining
    var routes = [bare]
    if let format = coefficientFormat { routes.append(coefficientsAlone(of: format)) }
    if hasPlanes { routes += [barePlanes, pooledPlanes] }
    do { routes.append(finished(try FinishedPicture(picture, on: gpu))) } catch {
      bench.leaveOut("\(picture.name): finished by the GPU", because: "\(error)")
    }
    routes += [newTexture, oldTexture, pixelBuffer]
    for heap in pools.heaps {
      routes += [CopyKind.memcpy, .streaming, .none].map { imported(from: heap, $0, doubt: doubt) }
    }
    if let copier = pools.copier {
      routes += [CopyKind.memcpy, .none].map { transferred(by: copier.gpu, copier.timing, $0) }
    }
    if let sharer = pools.vulkanSharer { routes.append(shared(by: sharer)) }
    if !pools.heaps.isEmpty { routes.append(cold) }
    if texbench_has_stb { routes.append(stb) }
    return routes
  }

  /// The limit: no texture of the pixels at all. Then another is drawn and pixels are read as by other
  /// routes, so that each begins in caches that drawing has passed through.
  private var bare: Route {
    Route(name: "bare decode: tjDecompress2 into warm memory") {
      let pixels = OrdinaryPixels(for: picture)
      let screen = try Screen(picture)
      let texture = GLTexture()
      unsafe texture.define(picture, from: pixels.memory.baseAddress)
      return { watch in
        try pixels.decode()
        watch.end(.decode)
        watch.finish()
        try screen.draw(texture.name, &watch)
        // Both are as large as the picture.
        unsafe readback.memory.copyMemory(from: UnsafeRawBufferPointer(pixels.memory))
        watch.end(.readback)
      }
    }
  }

  private var coefficientFormat: CoefficientFormat? {
    (try? JPEGImage(picture.bytes, named: picture.name))?.coefficientFormat
  }

  /// What is left to the CPU where a GPU finishes the decoding.
  private func coefficientsAlone(of format: CoefficientFormat) -> Route {
    let name =
      switch format.scans {
      case .one: "entropy decoding alone, into warm memory"
      case .several: "libjpeg's coefficients alone, packed into warm memory"
      }
    return Route(name: name) {
      let pool = try TexturePool(for: [])
      return { watch in
        let image = try JPEGImage(picture.bytes, named: picture.name)
        let stream = try image.coefficients(in: CoefficientMemory(of: pool))
        watch.end(.decode)
        watch.finish()
        withExtendedLifetime(stream) {}
      }
    }
  }

  private var hasPlanes: Bool {
    (try? JPEGImage(picture.bytes, named: picture.name))?.planarObstacle == nil
  }

  /// The limit of planes: what jpeg_read_raw_data gives, in the memory of the one before.
  private var barePlanes: Route {
    Route(name: "planes: tjDecompressToYUVPlanes into warm memory") {
      let planes = try BarePlanes(for: picture)
      return { watch in
        try planes.decode()
        watch.end(.decode)
        watch.finish()
      }
    }
  }

  private var pooledPlanes: Route {
    Route(name: "planes: straight into a pool") {
      let pool = try TexturePool(for: [JPEGDecoder.component], from: [MemfdHeap()])
      return { watch in
        var options = DecodingOptions()
        options.prefersPlanes = true
        let image = try JPEGImage(picture.bytes, named: picture.name, options)
        let buffer = try pool.allocate(image.descriptor)
        try image.decode(into: buffer)
        watch.end(.decode)
        watch.finish()
        withExtendedLifetime(buffer) {}
      }
    }
  }

  private func finished(_ picture: FinishedPicture) -> Route {
    Route(name: "entropy decoding, finished by the GPU", isOurs: true) {
      let screen = try Screen(self.picture)
      return { watch in try picture.run(screen, &watch) }
    }
  }

  private var stb: Route {
    Route(name: "stb_image into new memory, no texture") {
      { watch in
        // It reads as many bytes as there are.
        guard let pixels = unsafe texbench_stb_decode(picture.bytes, picture.bytes.count) else {
          throw ProgramFailure("\(picture.name): stb_image cannot decode it")
        }
        watch.end(.decode)
        watch.finish()
        unsafe texbench_stb_free(pixels)
      }
    }
  }

  private var newTexture: Route {
    Route(name: "decode, glTexImage2D into new memory") {
      let pixels = OrdinaryPixels(for: picture)
      let screen = try Screen(picture)
      return { watch in
        try pixels.decode()
        watch.end(.decode)
        do {
          let texture = GLTexture()
          unsafe texture.define(picture, from: pixels.memory.baseAddress)
          watch.end(.write)
          try screen.take(texture.name, &watch)
          withExtendedLifetime(texture) {}
        }
        watch.end(.release)
      }
    }
  }

  private var oldTexture: Route {
    Route(name: Self.rival) {
      let pixels = OrdinaryPixels(for: picture)
      let screen = try Screen(picture)
      let texture = GLTexture()
      unsafe texture.define(picture, from: nil)
      return { watch in
        try pixels.decode()
        watch.end(.decode)
        unsafe texture.update(picture, from: pixels.memory.baseAddress)
        watch.end(.write)
        try screen.take(texture.name, &watch)
      }
    }
  }

  /// The decoder writes into memory of the driver, from which the driver updates the texture.
  private var pixelBuffer: Route {
    Route(name: "decode into a new pixel buffer, glTexSubImage2D") {
      let decoder = BareDecoder(for: picture)
      let screen = try Screen(picture)
      let texture = GLTexture()
      unsafe texture.define(picture, from: nil)
      let buffer = PixelBuffer(size: picture.size)
      return { watch in
        // The buffer has room for the whole picture.
        try unsafe buffer.fill { try unsafe decoder.decode(to: $0) }
        watch.end(.decode)
        buffer.bound { unsafe texture.update(picture, from: nil) }
        watch.end(.write)
        try screen.take(texture.name, &watch)
      }
    }
  }

  /// Into warm memory of a pool, by a copy or straight.
  private func imported(from heap: any Heap, _ copy: CopyKind, doubt: String?) -> Route {
    var route = Route(
      name: copy.routeName(to: heap.label), isOurs: copy == .none,
      goal: copy == .none ? goal : nil,
      warning: heap.isWriteCombining ? doubt : nil
    ) {
      let route = try imported(in: pools.pool(on: heap), by: copy)
      return { watch in try route.run(&watch) }
    }
    let cached = pools.heaps.first { !$0.isWriteCombining }
    if heap.isWriteCombining {
      route.foretoldBy = cached.map { copy.routeName(to: $0.label) }
    } else if heap.name == cached?.name, isTraced {
      route.trace = { try trace(of: copy, on: heap) }
    }
    return route
  }

  private func imported(in pool: TexturePool, by copy: CopyKind) throws -> PooledPicture {
    try PooledPicture(picture, on: gpu, in: pool, by: copy, readback: readback)
  }

  /// Into warm mapped buffers of the driver, from which the GPU copies by itself, or so it should.
  private func transferred(by gpu: EGLDevice, _ timing: CopyTiming, _ copy: CopyKind) -> Route {
    Route(
      name: copy.routeName(
        to: "a mapped buffer", timing.isByDriver ? "copied by the driver" : "copied by the GPU"),
      isOurs: copy == .none, goal: copy == .none && !timing.isByDriver ? copiedGoal : nil,
      warning: timing.isByDriver ? "\(timing)" : nil
    ) {
      let pool = try TexturePool(for: [gpu, JPEGDecoder.component])
      let route = try PooledPicture(picture, on: gpu, in: pool, by: copy, readback: readback)
      return { watch in try route.run(&watch) }
    }
  }

  /// Into memory of Vulkan, which OpenGL samples where it lies, or copies from.
  private func shared(by gpu: EGLDevice) -> Route {
    let image = ImageDescriptor(
      width: picture.width, height: picture.height, formats: [.abgr8888])
    let plan = try? TexturePool(for: [gpu, JPEGDecoder.component]).plan(for: image)
    return Route(
      name: CopyKind.none.routeName(
        to: plan?.heap ?? "memory of Vulkan",
        plan?.route == .imported ? "sampled by OpenGL" : "copied by OpenGL"),
      isOurs: true
    ) {
      let pool = try TexturePool(for: [gpu, JPEGDecoder.component])
      let route = try PooledPicture(picture, on: gpu, in: pool, by: .none, readback: readback)
      return { watch in try route.run(&watch) }
    }
  }

  private var copiedGoal: Goal? {
    switch (picture.width, picture.height) {
    case (512, 512): Goal(ratio: 1.05)
    case let (width, height) where width * height >= 1920 * 1080: Goal(ratio: 1.03, gain: 1.15)
    default: nil
    }
  }

  /// Of what goes straight into warm memory.
  private var goal: Goal? {
    switch (picture.width, picture.height) {
    case (128, 128): Goal(ratio: 1.10)
    case (512, 512): Goal(ratio: 1.04)
    case (1920, 1080): Goal(ratio: 1.02, highest: 1.05, gain: 1.10)
    case let (width, height) where width * height >= 1920 * 1080: Goal(ratio: 1.02, highest: 1.05)
    default: nil
    }
  }

  /// What a route does to pool memory.
  private func trace(of copy: CopyKind, on heap: any Heap) throws -> AccessCounts {
    let pool = try pools.pool(on: heap)
    let filler = PictureFiller(picture, in: pool, by: copy)
    let audit = try Audit(of: pool)
    var watch = Stopwatch()
    _ = try filler.fill(&watch)
    return AccessCounts(audit.finish())
  }

  /// Straight into memory of a pool that nobody has touched.
  private var cold: Route {
    Route(name: "straight into cold pool memory, import", isOurs: true) {
      let pool = try pools.coldPool()
      let route = try imported(in: pool, by: .none)
      return { watch in
        try route.run(&watch)
        pool.trim()
      }
    }
  }
}

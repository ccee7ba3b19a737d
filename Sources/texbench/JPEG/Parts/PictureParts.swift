internal import ProgramSupport
internal import TexAlloc
internal import TexAllocEGL
internal import TexAllocJPEG

/// What is less than a picture in colours: its planes, a quarter of its size, a region of it, each beside
/// libjpeg-turbo called directly for the same.
struct PictureParts {
  private let picture: Picture
  private let gpu: EGLDevice
  private let pools: HeapPools

  init(_ gpu: EGLDevice, _ pools: HeapPools, _ effort: Effort) throws {
    self.gpu = gpu
    self.pools = pools
    picture =
      effort == .quick
      ? try Picture(.photo, ImageSize(width: 1920, height: 1080), named: "1080p", .halved)
      : try Picture(.photo, ImageSize(width: 4000, height: 3000), named: "12 MP", .halved)
  }

  func measure(on bench: Bench) throws {
    let name = picture.name
    bench.compare(
      Comparison(
        title: "planes of \(name)", item: "image",
        routes: [
          bare("jpeg_read_raw_data into warm planes") { try $0.decodePlanes() },
          bare("all of it in colours, into warm memory") { try $0.decode() },
          ours("straight into warm planes of a pool", Goal(ratio: 1.03)) {
            $0.prefersPlanes = true
          },
        ]))
    let quarter = ImageSize(width: picture.width / 4, height: picture.height / 4)
    bench.compare(
      Comparison(
        title: "a quarter of the size of \(name)", item: "image",
        routes: [
          bare("scaled by libjpeg into warm memory") { try $0.decode(eighths: 2) },
          bare("all of it, into warm memory") { try $0.decode() },
          ours("straight into warm pool memory", Goal(ratio: 1.03)) { $0.size = .fill(quarter) },
        ]))
    let region = ImageRegion(
      x: picture.width / 3, y: picture.height / 3, width: picture.width / 3 + 1,
      height: picture.height / 3 + 1)
    bench.compare(
      Comparison(
        title: "a ninth of \(name), from its middle", item: "image",
        routes: [
          bare("cropped by libjpeg to its blocks, into warm memory") {
            try $0.decode(region: region)
          },
          bare("all of it, into warm memory") { try $0.decode() },
          ours("through a cached row into warm pool memory", Goal(ratio: 1.05)) {
            $0.region = region
          },
          coefficients("as far as coefficients, down to its last row", of: region),
        ]))
    compareDrawn(on: bench)
  }

  private func bare(
    _ name: String, _ decode: @escaping (BareParts) throws -> Void
  ) -> Route {
    Route(name: name) {
      let parts = BareParts(of: picture)
      return { watch in
        try decode(parts)
        watch.end(.decode)
        watch.finish()
      }
    }
  }

  private func ours(
    _ name: String, _ goal: Goal, _ choose: @escaping (inout DecodingOptions) -> Void
  ) -> Route {
    Route(name: name, isOurs: true, goal: goal) {
      let pool = try TexturePool(for: [JPEGDecoder.component], from: [MemfdHeap()])
      var options = DecodingOptions()
      choose(&options)
      return { watch in
        let image = try JPEGImage(picture.bytes, named: picture.name, options)
        let buffer = try pool.allocate(image.descriptor)
        try image.decode(into: buffer)
        watch.end(.decode)
        watch.finish()
        withExtendedLifetime(buffer) {}
      }
    }
  }

  /// What is left to the CPU of a region where a GPU finishes it.
  private func coefficients(_ name: String, of region: ImageRegion) -> Route {
    Route(name: name) {
      let memory = CoefficientMemory(of: try TexturePool(for: []))
      var options = DecodingOptions()
      options.region = region
      return { watch in
        let image = try JPEGImage(picture.bytes, named: picture.name, options)
        let stream = try image.coefficients(in: memory)
        watch.end(.decode)
        watch.finish()
        withExtendedLifetime(stream) {}
      }
    }
  }

  // MARK: Until the GPU is done

  /// Planes and colours by the copies of the GPU's, from the file to the end of the first draw: what counts
  /// is the time, and not whose.
  private func compareDrawn(on bench: Bench) {
    guard let copier = pools.copier, !copier.timing.isByDriver else {
      return bench.leaveOut(
        "planes of \(picture.name) until the GPU is done",
        because: "there is none that copies by itself")
    }
    bench.compare(
      Comparison(
        title: "\(picture.name), transferred, until the GPU has drawn it", item: "image",
        clock: .wall,
        routes: [
          drawn("in colours", by: copier.gpu, planar: false),
          drawn("in planes", by: copier.gpu, planar: true),
        ]))
  }

  private func drawn(_ name: String, by gpu: EGLDevice, planar: Bool) -> Route {
    Route(name: name, isOurs: planar, goal: planar ? Goal(ratio: 1) : nil) {
      let pool = try TexturePool(for: [gpu, JPEGDecoder.component])
      let screen = try Screen(picture)
      var options = DecodingOptions()
      options.prefersPlanes = planar
      return { watch in
        do {
          let image = try JPEGImage(picture.bytes, named: picture.name, options)
          let buffer = try pool.allocate(image.descriptor)
          try image.decode(into: buffer)
          watch.end(.decode)
          let texture = try gpu.texture(for: buffer)
          try screen.draw(texture)
          watch.end(.firstDraw)
          watch.finish()
        }
        try gpu.collect()
      }
    }
  }
}

internal import ProgramSupport
internal import SystemPackage
internal import TexAlloc
internal import TexAllocAssets
internal import TexAllocAtlas
internal import TexAllocEGL
internal import TexAllocJPEG
internal import TexAllocText
internal import TexAllocVulkan

extension GlyphDemo {
  /// Draws the page by the API that was asked for, writes the picture, and says what was done.
  func drawPage() async throws {
    let timer = StageTimer()
    switch api {
    case .gl:
      try await device.openThread().run { thread in
        let gpu = thread.gpu
        let pool = try pool(for: gpu)
        let report = try await draw(
          on: gpu, described: .init(gpu), by: Assets(gpu: gpu, pool: pool), from: pool, timer
        ) { try Canvas(width: $0.width, height: $0.height) }
        try gpu.collect()
        try show(report)
      }
    case .vulkan:
      let gpu = try device.openVulkan()
      let pool = try pool(for: gpu)
      let assets = try Assets(device: gpu, pool: pool, decoders: [JPEGDecoder.component])
      let report = try await draw(
        on: gpu, described: .init(gpu), by: assets, from: pool, timer
      ) { try VulkanCanvas($0, on: gpu) }
      try gpu.collect()
      try show(report)
    }
  }

  private func show(_ report: DemoReport) throws {
    if let path = self.report { try TextFile.write(report.json + "\n", to: FilePath(path)) }
    print(report.summary)
  }

  private func pool(for gpu: some Registrar) throws -> TexturePool {
    try TexturePool(for: [gpu, JPEGDecoder.component, GlyphCache.component], from: heaps())
  }

  private func draw<Device: Registrar, Drawn: PageCanvas>(
    on gpu: Device, described: DemoReport.Device, by assets: Assets<Device.Handle>,
    from pool: TexturePool, _ start: StageTimer, isolation: isolated (any Actor)? = #isolation,
    canvas: (ImageSize) throws -> Drawn
  ) async throws -> DemoReport where Device.Handle == Drawn.Handle, Device.Handle: DrawnTexture {
    var timer = start
    timer.end("open")
    var (photos, notes) = try await load(by: assets)
    timer.end("decode and register")

    let fonts = try FontFallback(library: FontLibrary())
    let page = try Page(
      size: size, captions: photos.map(Self.caption), paragraph: text, fonts: fonts)
    timer.end("shape")
    let cache = GlyphCache(in: pool, for: gpu)
    let painter = try PagePainter(page, photos: photos, glyphs: cache)
    try cache.flush()
    timer.end("rasterise")

    let canvas = try canvas(size)
    for _ in 0..<(frames ?? 1) { try painter.paint(on: canvas, glyphsFrom: cache.pages, of: gpu) }
    let pixels = try canvas.readPixels()
    timer.end("draw")
    let output = output ?? "glyphdemo.png"
    let picture = PNGFile(width: size.width, height: size.height, rgba: pixels)
    try picture.write(to: FilePath(output))
    timer.end("write PNG")
    try dump(cache)
    notes += fonts.notes
    if let against { notes.append(try compare(picture, with: against)) }

    return DemoReport(
      picture: output, width: size.width, height: size.height, frames: frames ?? 1,
      device: described, pool: .init(pool),
      photos: photos.map {
        TextureReport(
          $0.texture, as: $0.header.size, decoding: $0.times.decoding,
          registering: $0.times.registering)
      },
      glyphs: .init(
        drawn: page.texts.reduce(0) { $0 + $1.layout.glyphs.count },
        rasterised: cache.statistics.rasterized,
        pages: cache.pages.compactMap { page in
          page.texture(on: gpu).map {
            TextureReport($0, bytesCopied: (page.lastFlush?.byteCount ?? 0) + $0.bytesUploaded)
          }
        }),
      stages: timer.stages, notes: notes)
  }

  /// - Throws: Where a level differs by more than filters of two APIs do.
  func compare(_ picture: PNGFile, with path: String) throws -> String {
    let difference = picture.difference(from: try PNGFile(contentsOf: FilePath(path)))
    guard let difference, difference <= 2 else {
      throw ProgramFailure(
        "\(path): " + (difference.map { "levels differ by up to \($0)" } ?? "of another size"))
    }
    return "\(path) differs by at most \(difference) levels"
  }

  /// The photographs that were asked for, in their order, and what became of the others.
  func load<Handle: Registration>(
    by assets: Assets<Handle>, atMost count: Int = 8, isolation: isolated (any Actor)? = #isolation
  ) async throws -> (photos: [LoadedTexture<Handle>], notes: [String]) {
    var notes: [String] = []
    let paths =
      photos.isEmpty
      ? PhotoSearch.photographs(count: count) : PhotoSearch.photographs(named: photos)
    if paths.isEmpty {
      let places = photos.isEmpty ? ["mate-backgrounds", "assets/photos"] : photos
      notes.append("no photographs in " + places.joined(separator: " or "))
    }
    var results = [Result<LoadedTexture<Handle>, AssetError>?](repeating: nil, count: paths.count)
    var done = 0
    for await next in assets.load(paths.map { AssetRequest($0) }) {
      results[next.index] = next.result
      done += 1
      let name = paths[next.index].lastComponent?.string ?? ""
      Console.progress("loaded \(done) of \(paths.count): \(name)")
    }
    Console.endProgress()
    var loaded: [LoadedTexture<Handle>] = []
    for result in results {
      switch result {
      case .success(let photo): loaded.append(photo)
      case .failure(let error): notes.append("not drawn: \(error)")
      case nil: break
      }
    }
    if let first = notes.first, loaded.isEmpty, !paths.isEmpty { throw ProgramFailure(first) }
    return (loaded, notes)
  }

  /// What stands below a photograph.
  static func caption(_ photo: LoadedTexture<some Registration>) -> String {
    "\(photo.texture.buffer.name)   \(photo.header.size.width) × \(photo.header.size.height)"
  }
}

internal import ArgumentParser
internal import ProgramSupport
internal import SystemPackage
internal import TexAlloc
internal import TexAllocAssets
internal import TexAllocAtlas
internal import TexAllocEGL
internal import TexAllocJPEG
internal import TexAllocText

/// Draws a page of photographs and text through texture memory.
@main
struct GlyphDemo: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "glyphdemo",
    abstract: "Draw a page of photographs and text through texture memory, without a copy.")

  @Option(help: "The paragraph to set instead of the page's own.")
  var text = Sample.paragraph

  @Option(parsing: .upToNextOption, help: "JPEG files and folders of them.")
  var photos: [String] = []

  @Option(help: "Pixels of the picture.", transform: ImageSize.argument)
  var size = ImageSize(width: 1280, height: 800)

  @Option(help: "A folder of pictures to scroll through instead: each frame's time is plotted.")
  var gallery: String?

  @Option(parsing: .upToNextOption, help: "Frames of the gallery that are written as PNG.")
  var shots: [Int] = []

  @Option(help: "How often the page is drawn: once where absent, the gallery 600 times.")
  var frames: Int?

  @Option(help: "The heap that memory comes from; texctl probe lists them.")
  var heap: String?

  @OptionGroup var device: DeviceOptions

  @Option(
    name: .short,
    help: "The PNG file to write, glyphdemo.png; of a gallery the SVG, out/gallery.svg.")
  var output: String?

  @Option(help: "A file for what was done, as JSON.")
  var report: String?

  @Option(help: "Scroll so many frames of a long text through a cache that is too small for it.")
  var scroll: Int?

  @Option(help: "A folder for pictures of the glyphs' pages, and of how they are packed.")
  var dumpAtlas: String?

  func validate() throws {
    guard 2...1_000_000 ~= scroll ?? 2 else { throw ValidationError("--scroll is 2 to 1000000") }
    guard 1...1_000_000 ~= frames ?? 1 else { throw ValidationError("--frames is 1 to 1000000") }
    guard 64...16384 ~= size.width, 64...16384 ~= size.height else {
      throw ValidationError("--size is 64x64 to 16384x16384")
    }
  }

  func run() async throws {
    do {
      if let gallery { return try await runGallery(of: gallery) }
      let timer = StageTimer()
      try await device.openThread().run { thread in
        if let scroll { return try self.scroll(scroll, on: thread) }
        let report = try await draw(on: thread, timer)
        if let path = self.report { try TextFile.write(report.json + "\n", to: FilePath(path)) }
        print(report.summary)
      }
    } catch {
      Console.endProgress()
      Console.say("glyphdemo: \(error)")
      throw ExitCode(1)
    }
  }

  private func draw(
    on thread: isolated RenderThread, _ start: StageTimer
  ) async throws -> DemoReport {
    var timer = start
    let gpu = thread.gpu
    let pool = try TexturePool(
      for: [gpu, JPEGDecoder.component, GlyphCache.component], from: try heaps())
    timer.end("open")

    let assets = try Assets(gpu: gpu, pool: pool)
    var notes: [String] = []
    let paths =
      photos.isEmpty ? PhotoSearch.photographs(count: 8) : PhotoSearch.photographs(named: photos)
    if paths.isEmpty {
      let places = photos.isEmpty ? ["mate-backgrounds", "assets/photos"] : photos
      notes.append("no photographs in " + places.joined(separator: " or "))
    }
    var results = [Result<LoadedTexture<Texture>, AssetError>?](repeating: nil, count: paths.count)
    var done = 0
    for await next in assets.load(paths.map { AssetRequest($0) }) {
      results[next.index] = next.result
      done += 1
      let name = paths[next.index].lastComponent?.string ?? ""
      Console.progress("loaded \(done) of \(paths.count): \(name)")
    }
    Console.endProgress()
    var loaded: [LoadedTexture<Texture>] = []
    for result in results {
      switch result {
      case .success(let photo): loaded.append(photo)
      case .failure(let error): notes.append("not drawn: \(error)")
      case nil: break
      }
    }
    if let first = notes.first, loaded.isEmpty, !paths.isEmpty { throw ProgramFailure(first) }
    timer.end("decode and register")

    let fonts = try FontFallback(library: FontLibrary())
    let page = try Page(
      size: size, captions: loaded.map(\.caption), paragraph: text,
      fonts: fonts)
    timer.end("shape")
    let cache = GlyphCache(in: pool, for: gpu)
    let painter = try PagePainter(page, photos: loaded, glyphs: cache)
    try cache.flush()
    timer.end("rasterise")

    let canvas = try Canvas(width: size.width, height: size.height)
    for _ in 0..<(frames ?? 1) { try painter.paint(on: canvas, glyphsFrom: cache.pages, of: gpu) }
    let pixels = try canvas.readPixels()
    timer.end("draw")
    let output = output ?? "glyphdemo.png"
    try PNGFile(width: size.width, height: size.height, rgba: pixels).write(to: FilePath(output))
    timer.end("write PNG")
    try dump(cache)
    try gpu.collect()

    let pages = cache.pages.compactMap { page in
      page.texture(on: gpu).map { texture in
        TextureReport(
          texture, bytesCopied: (page.lastFlush?.byteCount ?? 0) + texture.bytesUploaded)
      }
    }
    return DemoReport(
      picture: output, width: size.width, height: size.height, frames: frames ?? 1,
      device: .init(gpu), pool: .init(pool),
      photos: loaded.map {
        .init(
          $0.texture, as: $0.header.size, bytesCopied: $0.texture.bytesUploaded,
          decoding: $0.times.decoding, registering: $0.times.registering)
      },
      glyphs: .init(
        drawn: page.texts.reduce(0) { $0 + $1.layout.glyphs.count },
        rasterised: cache.statistics.rasterized, pages: pages),
      stages: timer.stages, notes: notes + fonts.notes)
  }

  private func scroll(_ frames: Int, on thread: isolated RenderThread) throws {
    let gpu = thread.gpu
    let pool = try TexturePool(for: [gpu, GlyphCache.component], from: try heaps())
    let fonts = try FontFallback(library: FontLibrary())
    let text = try ScrollText(keys: 20_000, width: Double(size.width), fonts: fonts)
    let report = try Scroll(text, frames: frames, size: size, on: gpu, pool).run { frame in
      Console.progress("frame \(frame) of \(frames)")
    } atEnd: { cache, pixels in
      try PNGFile(width: size.width, height: size.height, rgba: pixels)
        .write(to: FilePath(output ?? "glyphdemo.png"))
      try dump(cache)
    }
    Console.endProgress()
    if let path = self.report { try TextFile.write(report.json + "\n", to: FilePath(path)) }
    print(([report.summary] + fonts.notes.map { "note      \($0)" }).joined(separator: "\n"))
    guard report.differentFrames.isEmpty else {
      throw ProgramFailure("frames differ: \(report.differentFrames.count)")
    }
  }

  private func dump(_ cache: GlyphCache) throws {
    guard let dumpAtlas else { return }
    try AtlasDump(of: cache).write(to: FilePath(dumpAtlas))
  }

  private func heaps() throws -> [any Heap]? {
    guard let heap else { return nil }
    let present = Heaps.present()
    let chosen = present.filter { $0.name == heap }
    guard !chosen.isEmpty else {
      let names = present.map(\.name).joined(separator: ", ")
      throw ProgramFailure("--heap \(heap): this machine has \(names)")
    }
    return chosen
  }
}

extension LoadedTexture<Texture> {
  /// What stands below a photograph.
  fileprivate var caption: String {
    "\(texture.buffer.name)   \(header.size.width) × \(header.size.height)"
  }
}

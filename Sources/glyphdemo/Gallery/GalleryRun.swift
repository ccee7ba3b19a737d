internal import Foundation
internal import ProgramSupport
internal import SystemPackage
internal import TexAlloc
internal import TexAllocAssets
internal import TexAllocAtlas
internal import TexAllocEGL
internal import TexAllocJPEG
internal import TexAllocPNG
internal import TexAllocText
internal import TexAllocVulkan

/// One pass through a gallery, at sixty frames a second of input, on the thread that draws.
struct GalleryRun {
  /// What one frame took there, in milliseconds.
  struct Frame {
    /// Asking for pictures, and making textures of those that are ready.
    let loading: Double
    /// The whole of it.
    let total: Double
    /// Pictures that became textures in it.
    let loads: Int
  }

  private static let input = Duration.seconds(1) / 60

  let paths: [FilePath]
  let layout: GalleryLayout
  let frames: Int
  /// How long a frame may take to make textures of what is ready.
  let budget: Duration

  /// What came of a pass.
  struct Outcome {
    var frames: [Frame] = []
    var notes: [String] = []
    /// The last frame once more, with every picture that it shows: the same by every API.
    var end: [UInt8] = []
  }

  /// - Parameter take: Is given the pixels of frames that are in `shots`.
  func run(
    on thread: isolated RenderThread, shots: Set<Int> = [],
    take: (Int, [UInt8]) throws -> Void = { _, _ in }
  ) throws -> Outcome {
    let gpu = thread.gpu
    let pool = try pool(for: gpu)
    return try run(
      on: gpu, by: Assets(gpu: gpu, pool: pool), from: pool,
      drawing: Canvas(width: layout.size.width, height: layout.size.height), shots: shots,
      take: take
    ) {}
  }

  /// The same by Vulkan, on whichever thread this is.
  func run(
    on gpu: VulkanDevice, shots: Set<Int> = [],
    take: (Int, [UInt8]) throws -> Void = { _, _ in }
  ) throws -> Outcome {
    let pool = try pool(for: gpu)
    let assets = try Assets(
      device: gpu, pool: pool, decoders: [JPEGDecoder.component, PNGDecoder.component])
    return try run(
      on: gpu, by: assets, from: pool, drawing: VulkanCanvas(layout.size, on: gpu), shots: shots,
      take: take
    ) { try gpu.collect() }
  }

  private func pool(for gpu: some Registrar) throws -> TexturePool {
    try TexturePool(
      for: [gpu, JPEGDecoder.component, PNGDecoder.component, GlyphCache.component])
  }

  private func run<Device: Registrar, Drawn: PageCanvas>(
    on gpu: Device, by assets: Assets<Device.Handle>, from pool: TexturePool,
    drawing canvas: Drawn, shots: Set<Int>, take: (Int, [UInt8]) throws -> Void,
    collecting collect: () throws -> Void
  ) throws -> Outcome where Device.Handle == Drawn.Handle {
    let shelf = GalleryShelf(paths, by: assets)
    var captions = try GalleryCaptions(paths, glyphs: GlyphCache(in: pool, for: gpu))
    func draw(_ visible: Range<Int>, scrolledBy scroll: Double) throws {
      canvas.clear(Page.background)
      for picture in visible {
        let frame = layout.frame(of: picture, scrolledBy: scroll)
        if let photo = shelf.picture(picture) {
          try canvas.draw([Canvas.Quad(filling: frame, with: photo)], image: photo.texture)
        } else {
          try canvas.fill([Canvas.Quad(frame, tint: [0.88, 0.87, 0.84, 1])])
        }
        try captions.add(picture, below: frame)
      }
      try captions.draw(on: canvas, of: gpu)
      try canvas.finish()
    }
    var outcome = Outcome()
    var next = ContinuousClock.now
    for number in 0..<frames {
      let scroll = layout.scroll(atFrame: number, of: frames)
      let visible = layout.pictures(scrolledBy: scroll)
      let start = ContinuousClock.now
      shelf.move(
        to: visible, near: layout.pictures(scrolledBy: scroll, screens: 1),
        kept: layout.pictures(scrolledBy: scroll, screens: 2))
      let before = assets.statistics.loaded
      try assets.poll(budget: budget)
      try collect()
      let loaded = ContinuousClock.now
      try draw(visible, scrolledBy: scroll)
      let end = ContinuousClock.now
      outcome.frames.append(
        Frame(
          loading: (loaded - start).milliseconds, total: (end - start).milliseconds,
          loads: assets.statistics.loaded - before))
      if shots.contains(number) { try take(number, canvas.readPixels()) }
      Console.progress("frame \(number + 1) of \(frames)")
      next += Self.input
      let rest = next - .now
      if rest > .zero { Thread.sleep(forTimeInterval: rest / .seconds(1)) } else { next = .now }
    }
    let scroll = layout.scroll(atFrame: frames - 1, of: frames)
    let visible = layout.pictures(scrolledBy: scroll)
    let deadline = ContinuousClock.now + .seconds(60)
    while let missing = shelf.firstMissing(of: visible) {
      guard .now < deadline else { throw ProgramFailure("\(missing): not loaded in 60 s") }
      try assets.poll(budget: .seconds(1))
      try collect()
      Thread.sleep(forTimeInterval: 0.005)
    }
    try draw(visible, scrolledBy: scroll)
    outcome.end = try canvas.readPixels()
    outcome.notes = shelf.failures
    return outcome
  }
}

/// The names below the pictures, by the glyph cache.
private struct GalleryCaptions {
  private let paths: [FilePath]
  private let cache: GlyphCache
  private let fonts: FontFallback
  private var layouts: [Int: TextLayout] = [:]
  private var quads: [Int: [Canvas.Quad]] = [:]
  private static let colour = SIMD4<Float>(0.40, 0.41, 0.43, 1)

  init(_ paths: [FilePath], glyphs cache: GlyphCache) throws {
    self.paths = paths
    self.cache = cache
    fonts = try FontFallback(library: FontLibrary())
  }

  mutating func add(_ picture: Int, below frame: Page.Frame) throws {
    let layout = try layout(of: picture, width: frame.width)
    for glyph in layout.glyphs {
      let cached = try cache.glyph(glyph.index, of: glyph.face, pixelSize: glyph.pixelSize)
      guard let cell = cached.cell else { continue }
      let x = (frame.x + glyph.x).rounded() + Double(cached.left)
      let y = (frame.y + frame.height + 3 + glyph.baseline).rounded() - Double(cached.top)
      quads[cell.page, default: []].append(
        Canvas.Quad(cell.rectangle, at: (x, y), tint: Self.colour))
    }
  }

  private mutating func layout(of picture: Int, width: Double) throws -> TextLayout {
    if let known = layouts[picture] { return known }
    let name = paths[picture].lastComponent?.string ?? ""
    let layout = try TextLayout(
      String(name.prefix(28)), style: TextStyle(pixelSize: 12), width: width * 2, fonts: fonts)
    layouts[picture] = layout
    return layout
  }

  mutating func draw<Device: Registrar, Drawn: PageCanvas>(
    on canvas: Drawn, of gpu: Device
  ) throws where Device.Handle == Drawn.Handle {
    try cache.flush()
    for page in cache.pages {
      guard let quads = quads[page.number], let texture = page.texture(on: gpu) else { continue }
      try canvas.draw(quads, coverage: texture)
    }
    quads = [:]
  }
}

internal import CEGL
internal import ProgramSupport
internal import TexAlloc
internal import TexAllocAtlas
internal import TexAllocEGL
internal import TexAllocText

/// What a cache that is full leaves behind over many frames of text in random sizes.
struct EnduringGlyphs {
  private let face: FontFace
  private let gpu: EGLDevice
  private let glyphs: [UInt32]

  init(_ face: FontFace, on gpu: EGLDevice) throws {
    self.face = face
    self.gpu = gpu
    glyphs = try face.firstGlyphs(700)
  }

  /// - Parameter frames: How many follow a tenth as many, which fill what there is to be filled.
  func figures(over frames: Int, _ progress: (Int) -> Void) throws -> [Figure] {
    let pool = try TexturePool(for: [gpu, GlyphCache.component])
    let slots = pool.statistics.slots
    var random = SplitMix64(seed: 100_000)
    let before, after: ProcessFootprint
    let glyphStatistics: GlyphStatistics
    do {
      let cache = GlyphCache(
        in: pool, for: gpu, pageSize: ImageSize(width: 256, height: 256), pageLimit: 2)
      func drawFrames(_ count: Int) throws {
        for frame in 0..<count {
          try drawFrame(in: cache, &random)
          if frame % 1000 == 0 { progress(frame) }
        }
      }
      try drawFrames(frames / 10)
      before = .now()
      try drawFrames(frames)
      after = .now()
      glyphStatistics = cache.statistics
    }
    glFinish()
    try gpu.collect()
    let note =
      "after \(frames.grouped) frames beside after \((frames / 10).grouped): "
      + "\(glyphStatistics.rasterized.grouped) glyphs were drawn, "
      + "\(glyphStatistics.evicted.grouped) went"
    func figure(_ name: String, _ value: Int, _ note: String = note) -> Figure {
      Figure(
        title: "what frames of glyphs in random sizes leave", name: name, value: Double(value),
        unit: .number, note: note)
    }
    return [
      figure("KiB of memory", after.proportionalKiB - before.proportionalKiB),
      figure("descriptors", after.descriptors - before.descriptors),
      figure("slots of the pool", pool.statistics.slots - slots, "when the cache is gone"),
    ]
  }

  /// Some words in a size that hardly comes again.
  private func drawFrame(in cache: GlyphCache, _ random: inout SplitMix64) throws {
    let font = try cache.font(face, pixelSize: Double.random(in: 6...40, using: &random))
    for _ in 0..<20 {
      let glyph = glyphs[Int.random(in: 0..<glyphs.count, using: &random)]
      do { _ = try cache.glyph(glyph, of: font) } catch {
        guard case .full = error else { throw error }
        try cache.flush()
      }
    }
    try cache.flush()
    try gpu.collect()
  }
}

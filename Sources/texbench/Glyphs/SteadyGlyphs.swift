internal import CEGL
internal import CTexbench
internal import ProgramSupport
internal import TexAlloc
internal import TexAllocAtlas
internal import TexAllocEGL
internal import TexAllocText

/// What a cache costs that has been in use for a while: glyphs are found, others come while old ones go.
struct SteadyGlyphs {
  private let face: FontFace
  private let gpu: EGLDevice
  private let glyphs: [UInt32]

  init(_ face: FontFace, on gpu: EGLDevice) throws {
    self.face = face
    self.gpu = gpu
    glyphs = try face.firstGlyphs(700)
  }

  private func pool() throws -> TexturePool { try TexturePool(for: [gpu, GlyphCache.component]) }

  /// All pages are in use: every new glyph is in the way of older ones.
  func evicting(pixelSize: Double) -> Comparison {
    // A quarter of the glyphs that have their turn before one comes again is kept.
    let side = Int(pixelSize) * 32
    return Comparison(
      title: "a glyph of \(Int(pixelSize)) pixels in the place of older ones", item: "glyph",
      routes: [
        Route(name: "FreeType alone", items: glyphs.count) {
          let renderer = BareRenderer(face, .none)
          var turn = 0
          return { _ in
            try renderer.start(pixelSize)
            let quarters = quarters(ofTurn: turn)
            turn += 1
            for glyph in glyphs { _ = try unsafe renderer.render(glyph, at: quarters) }
          }
        },
        Route(
          name: "glyph cache that evicts, flushed", items: glyphs.count, isOurs: true,
          goal: Goal(ratio: 1.15)
        ) {
          let cache = GlyphCache(
            in: try pool(), for: gpu, pageSize: ImageSize(width: side, height: side), pageLimit: 1,
            hinting: .none)
          let font = try cache.font(face, pixelSize: pixelSize)
          var turn = 0
          func takeTurn() throws {
            let quarters = quarters(ofTurn: turn)
            turn += 1
            for (number, glyph) in glyphs.enumerated() {
              _ = try cache.glyph(glyph, of: font, at: quarters)
              // As many as a frame of text has that scrolls.
              if number % 50 == 49 { try cache.flush() }
            }
            try cache.flush()
          }
          while cache.statistics.evicted < 5_000 { try takeTurn() }
          return { _ in try takeTurn() }
        },
      ])
  }

  /// Where the pen stands in a turn, so that a glyph comes again after sixteen.
  private func quarters(ofTurn turn: Int) -> Quarters { Quarters(x: turn % 4, y: turn / 4 % 4) }

  /// What a glyph is asked for by.
  private struct Key: Hashable {
    let font: Int
    let glyph: UInt32
    let quarters: Quarters
  }

  /// 50,000 of them that are all there, asked for in runs of one font each, otherwise in no order.
  private func runs(_ fonts: Int) -> [(font: Int, keys: [Key])] {
    var random = SplitMix64(seed: 1)
    var runs: [(font: Int, keys: [Key])] = []
    for font in 0..<fonts {
      let keys = (0..<4).flatMap { x in
        glyphs.map { Key(font: font, glyph: $0, quarters: Quarters(x: x)) }
      }.shuffled(using: &random)
      for start in stride(from: 0, to: keys.count - Self.runLength + 1, by: Self.runLength) {
        runs.append((font, Array(keys[start..<start + Self.runLength])))
      }
    }
    return Array(runs.shuffled(using: &random).prefix(50_000 / Self.runLength))
  }

  /// A word or two.
  private static let runLength = 20

  private func filled(
    _ runs: [(font: Int, keys: [Key])], _ fonts: Int
  ) throws -> (GlyphCache, [SizedFont]) {
    let cache = GlyphCache(in: try pool(), for: gpu, hinting: .none)
    let fonts = try (0..<fonts).map { try cache.font(face, pixelSize: 8 + Double($0) / 4) }
    for run in runs {
      for key in run.keys {
        _ = try cache.glyph(key.glyph, of: fonts[run.font], at: key.quarters)
      }
    }
    try cache.flush()
    return (cache, fonts)
  }

  var finding: Comparison {
    let fontCount = 18
    return Comparison(
      title: "a glyph found among 50,000", item: "glyph",
      routes: [
        Route(name: "Swift's Dictionary of the same keys", items: 50_000) {
          let runs = runs(fontCount)
          let (cache, fonts) = try filled(runs, fontCount)
          var glyphs: [Key: CachedGlyph] = [:]
          for key in runs.flatMap(\.keys) {
            glyphs[key] = try cache.glyph(key.glyph, of: fonts[key.font], at: key.quarters)
          }
          return { _ in
            var left = 0
            for run in runs {
              for key in run.keys { left += glyphs[key]?.left ?? .max }
            }
            guard left < .max / 2 else { throw ProgramFailure("a glyph is missing") }
          }
        },
        Route(
          name: "glyph cache, its use marked", items: 50_000, isOurs: true, goal: Goal(ratio: 0.3)
        ) {
          let runs = runs(fontCount)
          let (cache, fonts) = try filled(runs, fontCount)
          return { _ in
            var left = 0
            for run in runs {
              let font = fonts[run.font]
              for key in run.keys {
                left += try cache.glyph(key.glyph, of: font, at: key.quarters).left
              }
            }
            guard left < .max / 2 else { throw ProgramFailure("a glyph is missing") }
          }
        },
      ])
  }

  /// The same cache with two ways to the GPU.
  func handingOver(pixelSize: Double) -> Comparison {
    let rival = "the same cache, glTexSubImage2D of the rows that changed"
    func cache(on page: GLTexture?) throws -> GlyphCache {
      let pool = try page == nil ? pool() : TexturePool(for: [GlyphCache.component])
      let cache = GlyphCache(in: pool, for: page == nil ? gpu : nil, hinting: .none)
      _ = try cache.glyph(glyphs[0], of: face, pixelSize: 8)
      try cache.flush()
      return cache
    }
    return Comparison(
      title: "a frame of 100 new glyphs of \(Int(pixelSize)) pixels, to the GPU", item: "glyph",
      rival: rival,
      routes: [
        Route(name: rival, items: 100) {
          let texture = GLTexture()
          glTexImage2D(
            GLenum(GL_TEXTURE_2D), 0, GL_R8, 1024, 1024, 0, GLenum(GL_RED),
            GLenum(GL_UNSIGNED_BYTE), nil)
          var (current, frame) = (try cache(on: texture), 0)
          return { watch in
            let rows = try addFrame(frame, to: current, pixelSize)
            watch.end(.rasterize)
            glBindTexture(GLenum(GL_TEXTURE_2D), texture.name)
            current.pages[0].withShadow { bytes, pitch in
              glPixelStorei(GLenum(GL_UNPACK_ROW_LENGTH), GLint(pitch))
              // The rows are the page's own.
              unsafe bytes.extracting(rows.lowerBound * pitch..<rows.upperBound * pitch)
                .withUnsafeBytes {
                  unsafe glTexSubImage2D(
                    GLenum(GL_TEXTURE_2D), 0, 0, GLint(rows.lowerBound), 1024, GLint(rows.count),
                    GLenum(GL_RED), GLenum(GL_UNSIGNED_BYTE), $0.baseAddress)
                }
            }
            glPixelStorei(GLenum(GL_UNPACK_ROW_LENGTH), 0)
            watch.end(.write)
            watch.finish()
            frame += 1
            if frame % Self.framesPerCache == 0 { current = try cache(on: texture) }
            try gpu.collectReleased()
          }
        },
        Route(name: "glyph cache, flushed", items: 100, isOurs: true, goal: Goal(ratio: 1)) {
          var (current, frame) = (try cache(on: nil), 0)
          return { watch in
            _ = try addFrame(frame, to: current, pixelSize)
            watch.end(.rasterize)
            try current.flush()
            watch.end(.write)
            watch.finish()
            frame += 1
            if frame % Self.framesPerCache == 0 { current = try cache(on: nil) }
            try gpu.collectReleased()
          }
        },
      ])
  }

  /// How many frames of 100 new glyphs a cache is given, of which the last has a fence: all on one page.
  private static let framesPerCache = 8

  /// Draws 100 glyphs, which no frame of the cache had before; answers the rows that they are in.
  private func addFrame(
    _ frame: Int, to cache: GlyphCache, _ pixelSize: Double
  ) throws -> Range<Int> {
    let font = try cache.font(face, pixelSize: pixelSize)
    let quarters = Quarters(x: frame % 4, y: frame % Self.framesPerCache / 4)
    var rows: Range<Int>?
    for glyph in glyphs.prefix(100) {
      guard let cell = try cache.glyph(glyph, of: font, at: quarters).cell else { continue }
      let touched = cell.rectangle.y - 1..<cell.rectangle.rows.upperBound + 1
      rows =
        rows.map {
          min($0.lowerBound, touched.lowerBound)..<max($0.upperBound, touched.upperBound)
        } ?? touched
    }
    return rows ?? 0..<0
  }

  /// - Throws: `ProgramFailure` where this process is not told of allocations.
  func allocations() throws -> Figure {
    let cache = GlyphCache(in: try pool(), for: gpu, hinting: .none)
    let font = try cache.font(face, pixelSize: 16)
    var list = GlyphDrawList()
    func drawFrame() throws {
      list.removeAll()
      for number in 0..<5_000 {
        let pen = PenPosition(x: Double(number % 100) * 9.25, y: Double(number / 100) * 20)
        try list.add(glyphs[number % glyphs.count], of: font, at: pen, from: cache)
      }
      try cache.flush()
    }
    // One of the first has a fence made for what has come.
    for _ in 0..<12 { try drawFrame() }
    let before = texbench_allocations()
    let block = [Int](repeating: 0, count: list.quads.count)
    guard texbench_allocations() - before == 1, block.count > 4_000 else {
      throw ProgramFailure("malloc is the sanitizer's or another library's here")
    }
    let start = texbench_allocations()
    for _ in 0..<10 { try drawFrame() }
    return Figure(
      title: "allocations by malloc in a frame of 5,000 glyphs that are there", name: "glyph cache",
      value: Double(texbench_allocations() - start) / 10, unit: .number,
      note: "mean of 10 frames with their flushes, all of the calling thread's")
  }
}

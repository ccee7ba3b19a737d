internal import CEGL
internal import CFreeType
internal import ProgramSupport
internal import TexAlloc
internal import TexAllocEGL
internal import TexAllocText

/// The ways of some glyphs from a font to a page that the GPU samples.
struct GlyphRoutes {
  static let rival = "FreeType, glTexSubImage2D for each glyph"
  static let pixelSize = 16.0

  /// Those of the first characters that the font has.
  let glyphs: [UInt32]
  private let face: FontFace
  private let hinting: Hinting
  private let gpu: EGLDevice

  init(_ face: FontFace, hinting: Hinting, on gpu: EGLDevice) throws {
    self.face = face
    self.hinting = hinting
    self.gpu = gpu
    let characters = (33..<UInt32(0x3000)).lazy.compactMap(Unicode.Scalar.init)
    glyphs = Array(characters.compactMap(face.glyph).prefix(700))
    guard !glyphs.isEmpty else { throw ProgramFailure("\(face.name): no glyphs") }
  }

  var all: [Route] { [bare, uploaded, cached] }

  /// The limit: nothing keeps what FreeType draws.
  private var bare: Route {
    Route(name: "FreeType alone", items: glyphs.count) {
      let renderer = BareRenderer(face, hinting)
      return { _ in
        try renderer.start(Self.pixelSize)
        for glyph in glyphs { _ = try unsafe renderer.render(glyph) }
      }
    }
  }

  private var uploaded: Route {
    Route(name: Self.rival, items: glyphs.count) {
      let renderer = BareRenderer(face, hinting)
      let page = GLGlyphPage(side: 1024)
      return { _ in
        try renderer.start(Self.pixelSize)
        page.clear()
        for glyph in glyphs { unsafe page.add(try renderer.render(glyph)) }
        glFinish()
      }
    }
  }

  /// Onto a page that is there already: what is paid once is no part of what a glyph costs.
  private var cached: Route {
    Route(name: "glyph cache, flushed to its page", items: glyphs.count, isOurs: true) {
      let pool = try TexturePool(for: [gpu, GlyphRasterizer()])
      var cache = try cacheWithPage(in: pool)
      return { watch in
        let current = cache
        for glyph in glyphs {
          _ = try current.glyph(glyph, of: face, pixelSize: Self.pixelSize)
        }
        current.flush()
        watch.finish()
        cache = try cacheWithPage(in: pool)
      }
    }
  }

  private func cacheWithPage(in pool: TexturePool) throws -> GlyphCache {
    let cache = GlyphCache(in: pool, hinting: hinting)
    _ = try cache.glyph(glyphs[0], of: face, pixelSize: 8)
    cache.flush()
    return cache
  }
}

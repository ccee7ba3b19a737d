internal import TexAlloc
internal import TexAllocEGL
internal import TexAllocText

/// What a glyph costs as more of them are kept, the pages that they take among it: every glyph of a
/// font, size by size.
struct GlyphGrowth {
  private let face: FontFace
  private let gpu: EGLDevice

  init(_ face: FontFace, on gpu: EGLDevice) {
    self.face = face
    self.gpu = gpu
  }

  var comparison: Comparison {
    Comparison(
      title: "glyphs kept in a new cache, from 12 pixels on", item: "glyph", axis: "glyphs",
      routes: [1_000, 2_000, 5_000, 10_000, 20_000].map { count in
        Route(name: "\(count.grouped) glyphs", items: count, position: count) {
          let pool = try TexturePool(for: [gpu, GlyphCache.component])
          return { _ in
            let cache = GlyphCache(in: pool, hinting: .none)
            for number in 0..<count {
              let (size, glyph) = number.quotientAndRemainder(dividingBy: face.glyphCount)
              _ = try cache.glyph(UInt32(glyph), of: face, pixelSize: Double(12 + size))
            }
            try cache.flush()
          }
        }
      })
  }
}

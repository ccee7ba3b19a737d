internal import CEGL
internal import CFreeType
internal import Glibc
internal import ProgramSupport
internal import TexAlloc
internal import TexAllocAtlas
internal import TexAllocAudit
internal import TexAllocEGL
internal import TexAllocText
internal import TexAllocVulkan

/// The ways of some glyphs from a font to a page that the GPU samples.
struct GlyphRoutes {
  static let rival = "FreeType, glTexSubImage2D for each glyph"

  let pixelSize: Double
  /// Those of the first characters that the font has.
  let glyphs: [UInt32]
  private let face: FontFace
  private let hinting: Hinting
  private let gpu: any Registrar
  /// Where pages are, where that is said.
  private let memory: (label: String, pool: () throws -> TexturePool)?

  /// - Parameter memory: What it is called, and a pool of it; the device's best where nil.
  init(
    _ face: FontFace, pixelSize: Double, hinting: Hinting, on gpu: any Registrar,
    in memory: (label: String, pool: () throws -> TexturePool)? = nil
  ) throws {
    self.face = face
    self.pixelSize = pixelSize
    self.hinting = hinting
    self.gpu = gpu
    self.memory = memory
    glyphs = try face.firstGlyphs(700)
  }

  var all: [Route] { [bare, placed, uploaded, copied, slotted, cached] }
  /// What depends on the memory.
  var ofMemory: [Route] { [copied, cached] }

  /// The limit: nothing keeps what FreeType draws.
  var bare: Route {
    Route(name: "FreeType alone", items: glyphs.count) {
      let renderer = BareRenderer(face, hinting)
      return { _ in
        try renderer.start(pixelSize)
        for glyph in glyphs { _ = try unsafe renderer.render(glyph) }
      }
    }
  }

  /// What is left of the cache's own way where places are known and nobody keeps them.
  private var placed: Route {
    Route(name: "FreeType at known places of a shadow, written", items: glyphs.count) {
      let renderer = BareRenderer(face, hinting)
      let placed = try PlacedGlyphs(
        glyphs, of: face, pixelSize: pixelSize, hinting: hinting, in: try pool())
      return { watch in
        try renderer.start(pixelSize)
        try placed.draw()
        watch.end(.rasterize)
        placed.write()
        watch.end(.write)
        watch.finish()
        placed.clear()
      }
    }
  }

  private var uploaded: Route {
    Route(name: Self.rival, items: glyphs.count) {
      let renderer = BareRenderer(face, hinting)
      let page = GLGlyphPage(side: 1024)
      return { _ in
        try renderer.start(pixelSize)
        page.clear()
        for glyph in glyphs { unsafe page.add(try renderer.render(glyph)) }
        glFinish()
      }
    }
  }

  /// What write-combining memory does not like: parts of lines, here and there.
  private var copied: Route {
    var route = Route(name: "FreeType, rows copied into a pool's page\(place)", items: glyphs.count)
    {
      let renderer = BareRenderer(face, hinting)
      let pool = try pool()
      return { _ in try copy(with: renderer, to: pool) }
    }
    if memory != nil { return route }
    route.trace = {
      let pool = try pool()
      let audit = try Audit(of: pool)
      try copy(with: BareRenderer(face, hinting), to: pool)
      return AccessCounts(audit.finish())
    }
    return route
  }

  private func copy(with renderer: BareRenderer, to pool: TexturePool) throws {
    var packing = RowPacking(side: 1024)
    let page = ImageDescriptor(
      width: packing.side, height: packing.side, writtenBy: GlyphCache.component.attributes)
    let buffer = try pool.allocate(page)
    var writer = buffer.writer()
    let pitch = writer.pitch
    try renderer.start(pixelSize)
    // Every place lies on the page, and every row in FreeType's bitmap.
    _ = try unsafe writer.decodeRows(from: 0) { rows, count in
      for glyph in glyphs {
        let bitmap = try unsafe renderer.render(glyph)
        let (width, height) = unsafe (Int(bitmap.width), Int(bitmap.rows))
        guard let (x, y) = packing.place(width: width, height: height) else { continue }
        for row in 0..<height {
          unsafe memcpy(
            rows + (y + row) * pitch + x, bitmap.buffer + row * Int(bitmap.pitch), width)
        }
      }
      return count
    }
  }

  /// The cache's own way but for one thing: drawn in FreeType's slot, and copied from there.
  private var slotted: Route {
    Route(name: "FreeType's slot copied into the shadow, flushed", items: glyphs.count) {
      let renderer = BareRenderer(face, hinting)
      let pool = try pool()
      let page = ImageDescriptor(
        width: 1024, height: 1024, writtenBy: GlyphCache.component.attributes)
      func atlasWithPage() throws -> Atlas {
        let atlas = Atlas(in: pool, for: gpu, page: page)
        _ = try atlas.insert(width: 1, height: 1)
        try atlas.flush()
        return atlas
      }
      var atlas = try atlasWithPage()
      return { watch in
        try renderer.start(pixelSize)
        for glyph in glyphs { try unsafe atlas.add(try renderer.render(glyph)) }
        watch.end(.rasterize)
        try atlas.flush()
        watch.end(.write)
        watch.finish()
        atlas = try atlasWithPage()
        try gpu.collectReleased()
      }
    }
  }

  /// Onto a page that is there already: what is paid once is no part of what a glyph costs.
  private var cached: Route {
    var route = Route(
      name: "glyph cache, flushed to its page\(place)", items: glyphs.count, isOurs: true,
      goal: Goal(ratio: hinting == .none ? 1.05 : 1.03)
    ) {
      let pool = try pool()
      var cache = try cacheWithPage(in: pool)
      return { watch in
        try fill(cache, &watch)
        watch.finish()
        cache = try cacheWithPage(in: pool)
        try gpu.collectReleased()
      }
    }
    if memory != nil { return route }
    route.trace = {
      let pool = try pool()
      let cache = try cacheWithPage(in: pool)
      let audit = try Audit(of: pool)
      var watch = Stopwatch()
      try fill(cache, &watch)
      return AccessCounts(audit.finish())
    }
    return route
  }

  private func fill(_ cache: GlyphCache, _ watch: inout Stopwatch) throws {
    let font = try cache.font(face, pixelSize: pixelSize)
    for glyph in glyphs { _ = try cache.glyph(glyph, of: font) }
    watch.end(.rasterize)
    try cache.flush()
    watch.end(.write)
  }

  private var place: String { memory.map { " of \($0.label)" } ?? "" }

  private func pool() throws -> TexturePool {
    try memory?.pool() ?? TexturePool(for: [gpu, GlyphCache.component])
  }

  private func cacheWithPage(in pool: TexturePool) throws -> GlyphCache {
    let cache = GlyphCache(in: pool, for: gpu, hinting: hinting)
    _ = try cache.glyph(glyphs[0], of: face, pixelSize: 8)
    try cache.flush()
    return cache
  }
}

extension FontFace {
  /// The glyphs of the first characters that the font has.
  func firstGlyphs(_ count: Int) throws -> [UInt32] {
    let characters = (33..<UInt32(0x3000)).lazy.compactMap(Unicode.Scalar.init)
    let glyphs = Array(characters.compactMap(glyph).prefix(count))
    guard !glyphs.isEmpty else { throw ProgramFailure("\(name): no glyphs") }
    return glyphs
  }
}

extension Registrar {
  /// Lets go of textures that nobody holds any more, as who draws does once a frame.
  func collectReleased() throws {
    try (self as? EGLDevice)?.collect()
    try (self as? VulkanDevice)?.collect()
  }
}

extension Atlas {
  /// Puts a copy of a bitmap on a page.
  @unsafe fileprivate func add(_ bitmap: FT_Bitmap) throws {
    let (width, height) = unsafe (Int(bitmap.width), Int(bitmap.rows))
    guard width > 0, height > 0, let start = unsafe bitmap.buffer else { return }
    let pitch = unsafe Int(bitmap.pitch)
    draw(in: try insert(width: width, height: height)) { pixels in
      for y in 0..<height {
        var row = pixels.row(y)
        unsafe row.withUnsafeMutableBytes {
          unsafe $0.copyMemory(from: UnsafeRawBufferPointer(start: start + y * pitch, count: width))
        }
      }
    }
  }
}

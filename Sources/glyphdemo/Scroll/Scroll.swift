internal import ProgramSupport
internal import SystemPackage
internal import TexAlloc
internal import TexAllocAtlas
internal import TexAllocAudit
internal import TexAllocEGL
internal import TexAllocText

/// Scrolls through a text with a cache that is too small for it, and holds each frame against the same
/// frame from a cache that keeps all.
struct Scroll {
  private let gpu: EGLDevice
  private let pool: TexturePool
  private let text: ScrollText
  private let canvas: Canvas
  private let frames: Int

  /// Two pages of this side are more than one frame of text needs, and a tenth of what all of it does.
  private static let pageSize = ImageSize(width: 512, height: 512)
  private static let ink = SIMD4<Float>(0.13, 0.14, 0.16, 1)
  /// How many frames are audited, which takes long.
  private static let auditedFrames = 10

  init(_ text: ScrollText, frames: Int, size: ImageSize, on gpu: EGLDevice, _ pool: TexturePool)
    throws
  {
    self.gpu = gpu
    self.pool = pool
    self.text = text
    self.frames = frames
    canvas = try Canvas(width: size.width, height: size.height)
  }

  /// - Parameter atEnd: Is given the cache that is too small, and the picture of the last frame.
  func run(
    progress: (Int) -> Void, atEnd: (GlyphCache, [UInt8]) throws -> Void
  ) throws -> ScrollReport {
    let (small, whole) = (smallCache(in: pool), GlyphCache(in: pool, for: gpu))
    var report = ScrollReport(frames: frames, keys: text.keyCount)
    do { report.loads = try auditedLoads() } catch let error as AuditError {
      report.auditObstacle = "\(error)"
    }
    var pixels: [UInt8] = []
    for frame in 0..<frames {
      try draw(frame, from: small)
      pixels = try canvas.readPixels()
      try draw(frame, from: whole)
      if try canvas.readPixels() != pixels { report.differentFrames.append(frame) }
      try gpu.collect()
      progress(frame + 1)
    }
    report.small = .init(small, on: gpu)
    report.whole = .init(whole, on: gpu)
    try atEnd(small, pixels)
    return report
  }

  private func smallCache(in pool: TexturePool) -> GlyphCache {
    GlyphCache(in: pool, for: gpu, pageSize: Self.pageSize, pageLimit: 2)
  }

  /// Draws a frame, in several parts where it does not fit into the cache at once.
  private func draw(_ frame: Int, from cache: GlyphCache) throws {
    let way = max(0, text.height - Double(canvas.height))
    let top = (way * Double(frame) / Double(max(1, frames - 1))).rounded()
    canvas.clear(Page.background)
    var list = GlyphDrawList()
    for glyph in text.glyphs(between: top, top + Double(canvas.height)) {
      let font = try cache.font(glyph.face, pixelSize: glyph.pixelSize)
      let pen = PenPosition(x: glyph.x, y: glyph.baseline - top)
      var attempts = 0
      while true {
        do {
          try list.add(glyph.index, of: font, at: pen, from: cache)
          break
        } catch {
          guard case .full = error, attempts < 2 else { throw error }
          attempts += 1
          try show(list, from: cache)
          list.removeAll()
        }
      }
    }
    try show(list, from: cache)
  }

  /// In the order of the text, so that letters which overlap do so alike, whatever their pages.
  private func show(_ list: GlyphDrawList, from cache: GlyphCache) throws {
    try cache.flush()
    var rest = list.quads[...]
    while let page = rest.first?.page {
      let run = rest.prefix { $0.page == page }
      rest = rest[run.endIndex...]
      guard let texture = cache.atlas.page(page)?.texture(on: gpu) else {
        throw ProgramFailure("page \(page) of the glyphs is no texture")
      }
      try canvas.draw(
        run.map { quad in
          Canvas.Quad(
            quad.texels, at: (Double(quad.x), Double(quad.y)), tint: Self.ink)
        }, from: .coverage(texture))
    }
  }

  /// Loads from texture memory in some frames, in a pool of their own.
  private func auditedLoads() throws -> Int {
    let pool = try TexturePool(for: [gpu, GlyphCache.component])
    let cache = smallCache(in: pool)
    try draw(0, from: cache)
    let audit = try Audit(of: pool)
    for frame in 1...Self.auditedFrames { try draw(frame * 7 % frames, from: cache) }
    return audit.finish().loads
  }
}

/// What became of a scroll.
struct ScrollReport: Encodable {
  struct Cache: Encodable {
    let pages: Int
    let route: String
    let rasterised, evicted, bytesWritten: Int
    /// Of its pages, the part that glyphs and their borders take: 0 to 1.
    let occupancy: Double
  }

  let frames: Int
  /// Glyphs of the text that differ in face, number, size or quarter of a pixel.
  let keys: Int
  /// Those whose pictures were not the same from both caches.
  var differentFrames: [Int] = []
  /// From texture memory, in an audited run of a few frames; nil where memory cannot be audited here.
  @NullEncoded var loads: Int?
  /// Why it cannot.
  @NullEncoded var auditObstacle: String?
  /// The cache that is too small, and the one that is not.
  var small: Cache?
  var whole: Cache?

  init(frames: Int, keys: Int) {
    self.frames = frames
    self.keys = keys
  }
}

extension ScrollReport.Cache {
  init(_ cache: GlyphCache, on gpu: EGLDevice) {
    let statistics = cache.statistics
    let area = cache.pages.reduce(0.0) { $0 + Double($1.size.width * $1.size.height) }
    let used = cache.pages.reduce(0.0) {
      $0 + $1.occupancy * Double($1.size.width * $1.size.height)
    }
    pages = cache.pages.count
    route = cache.pages.first?.texture(on: gpu)?.route.description ?? "none"
    (rasterised, evicted) = (statistics.rasterized, statistics.evicted)
    bytesWritten = statistics.bytesWritten
    occupancy = area > 0 ? used / area : 0
  }
}

extension ScrollReport {
  /// For the person who ran it.
  var summary: String {
    let pictures =
      differentFrames.isEmpty
      ? "each the same as from a cache that keeps all"
      : "\(differentFrames.count) not the same as from a cache that keeps all: \(differentFrames.prefix(10))"
    return
      ([
        "frames    \(frames), \(pictures)",
        "text      \(keys) glyphs that differ in face, number, size or quarter of a pixel",
      ]
      + [("small", small), ("whole", whole)].compactMap { name, cache in
        cache.map {
          "\(name)     \($0.pages) pages, \($0.route), \(Int($0.occupancy * 100)) % full: \($0.rasterised)"
            + " rasterised, \($0.evicted) evicted, \($0.bytesWritten) bytes written"
        }
      } + [
        "audit     " + (loads.map { "\($0) loads from texture memory" } ?? auditObstacle ?? "none")
      ]).joined(separator: "\n")
  }
}

// Draws glyphs of a font over and over, so that a profiler can look on:
//
//     watchedglyphs FILE WAY PIXELS TIMES
//
// WAY is `bare`, FreeType alone; `moved`, the same at quarters of a pixel; `copied`, rows copied onto a page of ordinary memory, as toolkits do;
// `ours`, a glyph cache that fills a page and is flushed; or `evicting`, one that is full all the time.
// Each of TIMES turns draws the same 700 glyphs, and prints nothing.
import CFreeType
import SystemPackage
import TexAlloc
import TexAllocText

struct WatchedGlyphs {
  let face: FontFace
  let glyphs: [UInt32]
  let pixelSize: Double

  init(_ path: FilePath, pixelSize: Double) throws {
    face = try FontFace(contentsOf: path, in: FontLibrary())
    let characters = (33..<UInt32(0x3000)).lazy.compactMap(Unicode.Scalar.init)
    glyphs = Array(characters.compactMap(face.glyph).prefix(700))
    self.pixelSize = pixelSize
  }

  /// What `evicting` draws.
  func drawMoved(times: Int) throws {
    try face.select(face.size(pixels: pixelSize))
    for turn in 0..<times {
      let quarters = Self.quarters(ofTurn: turn)
      for glyph in glyphs {
        let code = unsafe FT_Load_Glyph(face.handle, glyph, Int32(FT_LOAD_NO_HINTING))
        precondition(code == 0)
        guard let slot = unsafe face.handle.pointee.glyph else { fatalError("no slot") }
        unsafe FT_Outline_Translate(
          &slot.pointee.outline, FT_Pos(quarters.x * 16), FT_Pos(quarters.y * -16))
        let drawn = unsafe FT_Render_Glyph(slot, FT_RENDER_MODE_NORMAL)
        precondition(drawn == 0)
      }
    }
  }

  private static func quarters(ofTurn turn: Int) -> Quarters {
    Quarters(x: turn % 4, y: turn / 4 % 4)
  }

  func drawBare(times: Int, _ keep: (FT_Bitmap) -> Void = { _ in }) throws {
    try face.select(face.size(pixels: pixelSize))
    for _ in 0..<times {
      for glyph in glyphs {
        let flags = Int32(FT_LOAD_NO_HINTING) | Int32(FT_LOAD_RENDER)
        let code = unsafe FT_Load_Glyph(face.handle, glyph, flags)
        precondition(code == 0)
        unsafe keep(face.handle.pointee.glyph.pointee.bitmap)
      }
    }
  }

  /// Row behind row of glyphs, as high as the highest.
  func drawCopied(times: Int) throws {
    let side = 1024
    var page = [UInt8](repeating: 0, count: side * side)
    var (x, y, rowHeight) = (0, 0, 0)
    try unsafe drawBare(times: times) { bitmap in
      let (width, height) = unsafe (Int(bitmap.width), Int(bitmap.rows))
      if x + width + 1 > side { (x, y, rowHeight) = (0, y + rowHeight + 1, 0) }
      if y + height + 1 > side { (x, y, rowHeight) = (0, 0, 0) }
      // Both have room for each row.
      unsafe page.withUnsafeMutableBytes { page in
        for row in 0..<height {
          unsafe page.baseAddress?.advanced(by: (y + row) * side + x)
            .copyMemory(from: bitmap.buffer + row * Int(bitmap.pitch), byteCount: width)
        }
      }
      x += width + 1
      rowHeight = max(rowHeight, height)
    }
  }

  /// A cache whose page has room for all turns.
  func fill(times: Int) throws {
    let pool = try TexturePool(for: [GlyphCache.component])
    let cache = GlyphCache(
      in: pool, pageSize: ImageSize(width: 2048, height: 8192), hinting: .none)
    for turn in 0..<times {
      // A font of its own for each turn, as like the others as can be.
      let mode = GlyphMode(hinting: .none)
      let font = try cache.font(face, pixelSize: pixelSize + Double(turn) / 64, mode: mode)
      for glyph in glyphs { _ = try cache.glyph(glyph, of: font) }
      try cache.flush()
    }
  }

  func evict(times: Int) throws {
    let pool = try TexturePool(for: [GlyphCache.component])
    let side = Int(pixelSize) * 32
    let cache = GlyphCache(
      in: pool, pageSize: ImageSize(width: side, height: side), pageLimit: 1, hinting: .none)
    let font = try cache.font(face, pixelSize: pixelSize)
    for turn in 0..<times {
      let quarters = Self.quarters(ofTurn: turn)
      for (number, glyph) in glyphs.enumerated() {
        _ = try cache.glyph(glyph, of: font, at: quarters)
        if number % 50 == 49 { try cache.flush() }
      }
      try cache.flush()
    }
  }
}

let arguments = CommandLine.arguments
guard arguments.count == 5, let pixelSize = Double(arguments[3]), let times = Int(arguments[4])
else { fatalError("watchedglyphs FILE bare|moved|copied|ours|evicting PIXELS TIMES") }
let watched = try WatchedGlyphs(FilePath(arguments[1]), pixelSize: pixelSize)
switch arguments[2] {
case "bare": try unsafe watched.drawBare(times: times)
case "moved": try watched.drawMoved(times: times)
case "copied": try watched.drawCopied(times: times)
case "evicting": try watched.evict(times: times)
default: try watched.fill(times: times)
}

import TexAlloc
import TexAllocText

/// What libFuzzer calls: draws glyphs of bytes as a font, in the way that the last of them says, in a
/// cache that is too small for them.
@c(LLVMFuzzerTestOneInput)
public func draw(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
  let bytes = unsafe Array(UnsafeBufferPointer(start: start, count: count))
  guard let way = bytes.last else { return 0 }
  do {
    let library = try FontLibrary()
    let font = Array(bytes.dropLast())
    let face = try FontFace(bytes: font.span, named: "fuzz", in: library)
    let mode = GlyphMode(
      hinting: way & 1 == 0 ? .none : .light, embolden: way & 2 == 0 ? 0 : 0.5,
      slant: way & 4 == 0 ? 0 : 0.2)
    let cache = GlyphCache(
      in: pool, pageSize: ImageSize(width: 128, height: 128), pageLimit: 1)
    let sized = try cache.font(face, pixelSize: Double(way >> 3) + 8, mode: mode)
    for glyph in 0..<UInt32(min(face.glyphCount, 40)) {
      let quarters = Quarters(x: Int(glyph) % 4, y: Int(glyph) / 4 % 4)
      do {
        _ = try cache.glyph(glyph, of: sized, at: quarters)
      } catch .full {
        _ = try? cache.flush()
      } catch {}
    }
    _ = try? cache.flush()
  } catch {}
  return 0
}

private let pool = {
  guard let pool = try? TexturePool(for: [GlyphCache.component]) else {
    preconditionFailure("no memory for pages")
  }
  return pool
}()

public import CTexAlloc
internal import TexAlloc
internal import TexAllocAtlas
internal import TexAllocText

/// A font, which lies in its cache.
final class HeldFont: Sendable {
  let face: HeldFace
  let pixelSize: Double

  init(of face: HeldFace, pixelSize: Double) {
    self.face = face
    self.pixelSize = pixelSize
  }

  deinit { face.glyphs.forget(self) }
}

extension texalloc_font_options: SizedStruct {}
extension texalloc_font_info: SizedStruct {}
extension texalloc_glyph: SizedStruct {}

@c @implementation
public func texalloc_font_create(
  _ glyphs: OpaquePointer?, _ face: OpaquePointer?,
  _ options: UnsafePointer<texalloc_font_options>?, _ font: UnsafeMutablePointer<OpaquePointer?>?
) -> texalloc_status {
  answer {
    let room = try unsafe room(font, for: "font")
    let (glyphs, face) = (try Handles.glyphs.find(glyphs), try Handles.faces.find(face))
    let options = try unsafe passed(options)
    guard face.glyphs === glyphs else { throw Misuse.argument("a face of another cache") }
    unsafe room.pointee = try Handles.fonts.insert(
      glyphs.font(face, pixelSize: options.pixel_size, GlyphMode(options)))
  }
}

extension GlyphMode {
  fileprivate init(_ options: texalloc_font_options) throws(Misuse) {
    let (wider, slant) = (options.embolden, options.slant)
    guard -1000...1000 ~= wider else { throw .argument("embolden: \(wider)") }
    guard -10...10 ~= slant else { throw .argument("slant: \(slant)") }
    switch options.hinting {
    case TEXALLOC_HINTING_LIGHT: self.init(hinting: .light, embolden: wider, slant: slant)
    case TEXALLOC_HINTING_NONE: self.init(hinting: .none, embolden: wider, slant: slant)
    default: throw .argument("hinting: \(options.hinting.rawValue)")
    }
  }
}

@c @implementation
public func texalloc_font_get_info(
  _ font: OpaquePointer?, _ info: UnsafeMutablePointer<texalloc_font_info>?
) -> texalloc_status {
  answer {
    let font = try Handles.fonts.find(font)
    let lines = try font.face.glyphs.withFace(font.face) {
      try $0.lineMetrics(pixelSize: font.pixelSize)
    }
    unsafe try pass(
      texalloc_font_info(
        struct_size: 0, ascent: lines.ascent, descent: lines.descent,
        line_height: lines.lineHeight), to: info)
  }
}

@c @implementation
public func texalloc_font_release(_ font: OpaquePointer?) -> texalloc_status {
  answer { try Handles.fonts.release(font) }
}

@c @implementation
public func texalloc_font_get_glyph(
  _ font: OpaquePointer?, _ index: UInt32, _ xQuarters: UInt32, _ yQuarters: UInt32,
  _ flags: UInt32, _ glyph: UnsafeMutablePointer<texalloc_glyph>?
) -> texalloc_status {
  answer {
    let font = try Handles.fonts.find(font)
    guard xQuarters < 4 && yQuarters < 4 else {
      throw Misuse.argument("quarters: \(xQuarters), \(yQuarters); each is 0 to 3")
    }
    guard flags & ~UInt32(TEXALLOC_IF_READY) == 0 else {
      throw Misuse.argument("flags: 0x\(String(flags, radix: 16))")
    }
    let quarters = Quarters(x: Int(xQuarters), y: Int(yQuarters))
    let found = try font.face.glyphs.withFont(font) { cache, sized in
      flags == 0
        ? try cache.glyph(index, of: sized, at: quarters)
        : try cache.glyphIfReady(index, of: sized, at: quarters)
    }
    unsafe try pass(found.map { texalloc_glyph($0) } ?? texalloc_glyph(), to: glyph)
  }
}

extension texalloc_glyph {
  fileprivate init(_ glyph: CachedGlyph) {
    self.init()
    is_ready = true
    (left, top) = (Int32(glyph.left), Int32(glyph.top))
    advance = glyph.advance
    generation = glyph.id
    guard let cell = glyph.cell else { return }
    has_ink = true
    page = UInt32(cell.page)
    (u, v) = (UInt32(cell.rectangle.x), UInt32(cell.rectangle.y))
    (width, height) = (UInt32(cell.rectangle.width), UInt32(cell.rectangle.height))
  }
}

@c @implementation
public func texalloc_font_get_quads(
  _ font: OpaquePointer?, _ text: UnsafePointer<CChar>?, _ x: Double, _ y: Double,
  _ quads: UnsafeMutablePointer<texalloc_glyph_quad>?, _ room: UInt32,
  _ count: UnsafeMutablePointer<UInt32>?
) -> texalloc_status {
  answer {
    let font = try Handles.fonts.find(font)
    let countRoom = try unsafe TexAllocC.room(count, for: "count")
    let text = try unsafe TexAllocC.text(text, "text")
    guard abs(x) <= 1e6 && abs(y) <= 1e6 else { throw Misuse.argument("a pen at \(x), \(y)") }
    if unsafe room > 0 && quads == nil { throw Misuse.argument("quads is NULL") }
    let found = try font.face.glyphs.withFont(font) { cache, sized in
      try cache.quads(of: text, in: sized, x: x, y: y)
    }
    for (index, quad) in found.prefix(Int(room)).enumerated() {
      unsafe quads?[index] = texalloc_glyph_quad(quad)
    }
    unsafe countRoom.pointee = UInt32(found.count)
  }
}

extension texalloc_glyph_quad {
  fileprivate init(_ quad: GlyphQuad) {
    self.init(
      x: Int32(clamping: quad.x), y: Int32(clamping: quad.y), page: UInt32(quad.page),
      u: UInt32(quad.texels.x), v: UInt32(quad.texels.y), width: UInt32(quad.texels.width),
      height: UInt32(quad.texels.height))
  }
}

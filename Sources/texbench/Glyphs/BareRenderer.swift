internal import CFreeType
internal import ProgramSupport
internal import TexAllocText

/// FreeType as everyone uses it.
@safe struct BareRenderer {
  private let face: FontFace
  private let flags: Int32

  init(_ face: FontFace, _ hinting: Hinting) {
    self.face = face
    flags = hinting.loadFlags | Int32(FT_LOAD_RENDER)
  }

  /// Sets the size of the glyphs that follow, in pixels.
  func start(_ pixelSize: Double) throws { try face.select(face.size(pixels: pixelSize)) }

  /// A glyph's bitmap, which is FreeType's until the next.
  @unsafe func render(_ glyph: UInt32) throws -> FT_Bitmap {
    guard unsafe FT_Load_Glyph(face.handle, glyph, flags) == 0,
      let slot = unsafe face.handle.pointee.glyph
    else { throw ProgramFailure("\(face.name): FreeType does not draw glyph \(glyph)") }
    return unsafe slot.pointee.bitmap
  }
}

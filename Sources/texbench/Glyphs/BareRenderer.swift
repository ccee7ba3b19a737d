internal import CFreeType
internal import ProgramSupport
internal import TexAllocText

/// FreeType as everyone uses it: `FT_Load_Glyph` with `FT_LOAD_RENDER`, or, at quarters of a pixel, without,
/// then `FT_Outline_Translate` and `FT_Render_Glyph`.
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
  @unsafe func render(_ glyph: UInt32, at quarters: Quarters = .zero) throws -> FT_Bitmap {
    let flags = quarters == .zero ? flags : flags & ~Int32(FT_LOAD_RENDER)
    guard unsafe FT_Load_Glyph(face.handle, glyph, flags) == 0,
      let slot = unsafe face.handle.pointee.glyph
    else { throw ProgramFailure("\(face.name): FreeType does not load glyph \(glyph)") }
    if quarters != .zero {
      unsafe FT_Outline_Translate(
        &slot.pointee.outline, FT_Pos(quarters.x * 16), FT_Pos(quarters.y * -16))
      guard unsafe FT_Render_Glyph(slot, FT_RENDER_MODE_NORMAL) == 0 else {
        throw ProgramFailure("\(face.name): FreeType does not draw glyph \(glyph)")
      }
    }
    return unsafe slot.pointee.bitmap
  }
}

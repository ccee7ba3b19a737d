internal import CFreeType
internal import TexAlloc
internal import TexAllocAtlas

/// A glyph that its face has loaded and can draw, until the face loads another.
@safe struct LoadedGlyph {
  private let face: FontFace
  private let glyph: UInt32
  private let drawsOutline: Bool
  /// Pixels from the pen to the left edge of the image.
  let left: Int
  /// Pixels from the baseline up to its upper edge.
  let top: Int
  /// Pixels; 0 for a glyph that leaves no ink.
  let width, height: Int
  /// Pixels from the pen to where the next glyph begins, unhinted.
  let advance: Double

  init(
    _ glyph: UInt32, of face: FontFace, size: GlyphSize, hinting: Hinting
  ) throws(FontError) {
    guard glyph < face.glyphCount else { throw .noSuchGlyph(font: face.name, glyph: glyph) }
    try face.select(size)
    // Where there are outlines, bitmaps of other tastes are passed by.
    let flags =
      face.isScalable
      ? hinting.loadFlags | Int32(FT_LOAD_NO_BITMAP) : Int32(FT_LOAD_DEFAULT)
    let code = unsafe FT_Load_Glyph(face.handle, glyph, flags)
    guard code == 0, let slot = unsafe face.handle.pointee.glyph else {
      throw .damaged(font: face.name, while: "FT_Load_Glyph of \(glyph)", code: Int(code))
    }
    self.face = face
    self.glyph = glyph

    switch unsafe slot.pointee.format {
    case FT_GLYPH_FORMAT_OUTLINE:
      var box = FT_BBox()
      unsafe FT_Outline_Get_CBox(&slot.pointee.outline, &box)
      left = box.xMin >> 6
      top = (box.yMax + 63) >> 6
      width = ((box.xMax + 63) >> 6) - left
      height = top - (box.yMin >> 6)
      // Where contours may overlap, FreeType smoothes edges inside the ink; only in its own bitmap.
      drawsOutline = unsafe slot.pointee.outline.flags & FT_OUTLINE_OVERLAP == 0
      advance = unsafe Double(slot.pointee.linearHoriAdvance) / 65536
    case FT_GLYPH_FORMAT_BITMAP:
      left = unsafe Int(slot.pointee.bitmap_left)
      top = unsafe Int(slot.pointee.bitmap_top)
      width = unsafe Int(slot.pointee.bitmap.width)
      height = unsafe Int(slot.pointee.bitmap.rows)
      drawsOutline = false
      advance = unsafe Double(slot.pointee.advance.x) / 64
    default:
      throw .unsupported(font: face.name, what: "glyphs like \(glyph), neither outline nor bitmap,")
    }
  }

  /// Draws the coverage, 0 to 255, into a cell of the glyph's size that is empty.
  func draw(in pixels: inout CellPixels) throws(FontError) {
    precondition(pixels.rowSize == width && pixels.rowCount == height)
    if drawsOutline {
      try drawOutline(in: &pixels)
    } else {
      try copyBitmap(to: &pixels)
    }
  }

  private func drawOutline(in pixels: inout CellPixels) throws(FontError) {
    var target = unsafe FT_Bitmap()
    unsafe target.rows = UInt32(height)
    unsafe target.width = UInt32(width)
    unsafe target.pitch = Int32(pixels.pitch)
    unsafe target.num_grays = 256
    unsafe target.pixel_mode = UInt8(FT_PIXEL_MODE_GRAY.rawValue)
    // The points stay in the face's slot, which still holds this glyph.
    var outline = unsafe face.handle.pointee.glyph.pointee.outline
    unsafe FT_Outline_Translate(&outline, -left << 6, (height - top) << 6)
    // FreeType writes `width` bytes of each of the cell's `height` rows.
    let code = unsafe pixels.withUnsafeRows { start in
      unsafe target.buffer = start
      return unsafe FT_Outline_Get_Bitmap(face.library.handle, &outline, &target)
    }
    try check(code, "FT_Outline_Get_Bitmap")
  }

  private func copyBitmap(to pixels: inout CellPixels) throws(FontError) {
    guard let slot = unsafe face.handle.pointee.glyph else { return }
    try check(unsafe FT_Render_Glyph(slot, FT_RENDER_MODE_NORMAL), "FT_Render_Glyph")
    let bitmap = unsafe slot.pointee.bitmap
    let isMono = unsafe UInt32(bitmap.pixel_mode) == FT_PIXEL_MODE_MONO.rawValue
    let isGrey = unsafe UInt32(bitmap.pixel_mode) == FT_PIXEL_MODE_GRAY.rawValue
    guard isMono || isGrey, unsafe bitmap.num_grays == 256 || isMono else {
      throw .unsupported(font: face.name, what: "bitmaps like that of glyph \(glyph)")
    }
    let pitch = unsafe Int(bitmap.pitch)
    guard unsafe Int(bitmap.width) == width, unsafe Int(bitmap.rows) == height,
      (isMono ? width.dividedRoundingUp(by: 8) : width) <= pitch,
      let start = unsafe bitmap.buffer
    else { throw .damaged(font: face.name, while: "bitmap of \(glyph)", code: 0) }

    // FreeType's bitmap has `height` rows of `pitch` bytes, of which none is shorter than checked.
    for y in 0..<height {
      let bytes = unsafe Span(_unsafeStart: start + y * pitch, count: pitch)
      var row = pixels.row(y)
      for x in 0..<width {
        row[x] = isMono ? (bytes[x / 8] << (x % 8) & 0x80 == 0 ? 0 : 255) : bytes[x]
      }
    }
  }

  private func check(_ code: FT_Error, _ operation: String) throws(FontError) {
    guard code == 0 else {
      throw .damaged(font: face.name, while: "\(operation) of \(glyph)", code: Int(code))
    }
  }
}

/// How large a font is made: pixels of its em square, in steps of 1/64 as FreeType counts.
package struct GlyphSize: Hashable, Sendable {
  package let sixtyFourths: Int

  package var pixels: Double { Double(sixtyFourths) / 64 }
}

extension FontFace {
  /// The step nearest to a size in pixels.
  ///
  /// - Throws: `FontError.unsupportedSize` for what is no number from 1 to 16,384.
  package func size(pixels: Double) throws(FontError) -> GlyphSize {
    guard pixels >= 1, pixels <= 16_384 else {
      throw .unsupportedSize(font: name, pixelSize: pixels)
    }
    return GlyphSize(sixtyFourths: Int((pixels * 64).rounded()))
  }
}

/// Whether outlines are bent to the pixel grid before they are filled.
public enum Hinting: Hashable, Sendable {
  /// The outline as it was drawn.
  case none
  /// Moved up and down only, so that horizontal strokes are sharp and no width changes. At half the
  /// speed of none.
  case light

  /// For FreeType and for whoever shapes with it: `FT_LOAD_*`.
  package var loadFlags: Int32 {
    switch self {
    case .none: Int32(FT_LOAD_NO_HINTING)
    case .light: Int32(texalloc_ft_load_target_light)
    }
  }
}

internal import CFreeType
internal import TexAlloc
internal import TexAllocAtlas

extension FontFace {
  /// Loads a glyph, which is the face's until the next, and measures it.
  func load(
    _ glyph: UInt32, size: GlyphSize, mode: GlyphMode, quarters: Quarters = .zero
  ) throws(FontError) -> GlyphShape {
    guard glyph < glyphCount else { throw .noSuchGlyph(font: name, glyph: glyph) }
    try select(size)
    // Where there are outlines, bitmaps of other tastes are passed by.
    let flags =
      isScalable
      ? mode.hinting.loadFlags | Int32(FT_LOAD_NO_BITMAP | FT_LOAD_LINEAR_DESIGN)
      : Int32(FT_LOAD_DEFAULT)
    let code = unsafe FT_Load_Glyph(handle, glyph, flags)
    guard code == 0, let slot = unsafe handle.pointee.glyph else {
      throw .damaged(font: name, while: "FT_Load_Glyph of \(glyph)", code: Int(code))
    }
    switch unsafe slot.pointee.format {
    case FT_GLYPH_FORMAT_OUTLINE:
      let advance = unsafe linearAdvance(of: slot)
      if mode.isPlain && quarters == .zero {
        // FreeType has measured the bitmap that it would draw.
        return unsafe GlyphShape(bitmapOf: slot, advance: max(advance, 0))
      }
      let widening = unsafe Self.reshape(&slot.pointee.outline, by: mode)
      return unsafe Self.measure(
        slot, drawnBy: mode, at: quarters, advance: advance > 0 ? advance + widening : 0)
    case FT_GLYPH_FORMAT_BITMAP:
      guard mode.isPlain else {
        throw .unsupported(font: name, what: "bitmaps that are bold or slanted by force")
      }
      guard unsafe Self.isDrawn(slot.pointee.bitmap) else {
        throw .unsupported(font: name, what: "bitmaps like that of glyph \(glyph)")
      }
      return unsafe GlyphShape(bitmapOf: slot, advance: Double(slot.pointee.advance.x) / 64)
    default:
      throw .unsupported(font: name, what: "glyphs like \(glyph), neither outline nor bitmap,")
    }
  }

  /// As FreeType rounds it, by two divisions, where it is not asked for units of the font. What a damaged font
  /// says may be too much for any number.
  @unsafe private func linearAdvance(of slot: FT_GlyphSlot) -> Double {
    let scale = unsafe handle.pointee.size.pointee.metrics.x_scale
    return unsafe Double((slot.pointee.linearHoriAdvance &* scale &+ 32) >> 6) / 65536
  }

  @unsafe private static func measure(
    _ slot: FT_GlyphSlot, drawnBy mode: GlyphMode, at quarters: Quarters, advance: Double
  ) -> GlyphShape {
    // A glyph without points has no box.
    guard unsafe slot.pointee.outline.n_points > 0 else {
      return GlyphShape(left: 0, top: 0, width: 0, height: 0, advance: advance)
    }
    var box = FT_BBox()
    if mode.isPlain && mode.hinting == .none {
      // FreeType has measured the outline, and rounds what is hinted, nothing else.
      let metrics = unsafe slot.pointee.metrics
      (box.xMin, box.xMax) = (metrics.horiBearingX, metrics.horiBearingX + metrics.width)
      (box.yMin, box.yMax) = (metrics.horiBearingY - metrics.height, metrics.horiBearingY)
    } else {
      unsafe FT_Outline_Get_CBox(&slot.pointee.outline, &box)
    }
    let offset = quarters.offset
    let (left, top) = ((box.xMin + offset.x) >> 6, (box.yMax + offset.y + 63) >> 6)
    return GlyphShape(
      left: left, top: top, width: ((box.xMax + offset.x + 63) >> 6) - left,
      height: top - ((box.yMin + offset.y) >> 6), advance: advance)
  }

  /// Slants an outline and makes it bolder; answers by how many pixels it is wider.
  @unsafe private static func reshape(
    _ outline: UnsafeMutablePointer<FT_Outline>, by mode: GlyphMode
  ) -> Double {
    // FreeType changes the points in the slot of the face.
    var widening = 0.0
    if mode.slant != 0 {
      var matrix = FT_Matrix(
        xx: 0x10000, xy: FT_Fixed((mode.slant * 65536).rounded()), yx: 0, yy: 0x10000)
      unsafe FT_Outline_Transform(outline, &matrix)
    }
    if mode.embolden != 0 {
      let strength = FT_Pos((mode.embolden * 64).rounded())
      unsafe FT_Outline_Embolden(outline, strength)
      widening = Double(strength) / 64
    }
    return widening
  }

  /// Draws the coverage, 0 to 255, of the glyph that was loaded last into a cell of its size that is empty;
  /// once.
  @unsafe func draw(
    _ glyph: UInt32, _ shape: GlyphShape, at quarters: Quarters, in cell: CellMemory
  ) throws(FontError) {
    guard let slot = unsafe handle.pointee.glyph else { return }
    let isOutline = unsafe slot.pointee.format == FT_GLYPH_FORMAT_OUTLINE
    // Where contours may overlap, FreeType smoothes edges inside the ink; only in its own bitmap.
    if unsafe isOutline && slot.pointee.outline.flags & FT_OUTLINE_OVERLAP == 0 {
      return try unsafe drawOutline(
        &slot.pointee.outline, of: glyph, shape, at: quarters, in: cell)
    }
    if isOutline && quarters != .zero {
      let offset = quarters.offset
      unsafe FT_Outline_Translate(&slot.pointee.outline, offset.x, offset.y)
    }
    try unsafe copyBitmap(of: glyph, shape, to: cell)
  }

  @unsafe private func drawOutline(
    _ outline: UnsafeMutablePointer<FT_Outline>, of glyph: UInt32, _ shape: GlyphShape,
    at quarters: Quarters, in cell: CellMemory
  ) throws(FontError) {
    let offset = quarters.offset
    var target = unsafe FT_Bitmap()
    unsafe target.rows = UInt32(shape.height)
    unsafe target.width = UInt32(shape.width)
    unsafe target.pitch = Int32(cell.pitch)
    unsafe target.num_grays = 256
    unsafe target.pixel_mode = UInt8(FT_PIXEL_MODE_GRAY.rawValue)
    unsafe FT_Outline_Translate(
      outline, offset.x - shape.left << 6, offset.y + (shape.height - shape.top) << 6)
    // FreeType writes `width` bytes of each of the cell's `height` rows.
    unsafe target.buffer = cell.start
    try check(
      unsafe FT_Outline_Get_Bitmap(library.handle, outline, &target), "FT_Outline_Get_Bitmap",
      glyph)
  }

  @unsafe private func copyBitmap(
    of glyph: UInt32, _ shape: GlyphShape, to cell: CellMemory
  ) throws(FontError) {
    guard let slot = unsafe handle.pointee.glyph else { return }
    try check(unsafe FT_Render_Glyph(slot, FT_RENDER_MODE_NORMAL), "FT_Render_Glyph", glyph)
    let bitmap = unsafe slot.pointee.bitmap
    let isMono = unsafe UInt32(bitmap.pixel_mode) == FT_PIXEL_MODE_MONO.rawValue
    let pitch = unsafe Int(bitmap.pitch)
    guard unsafe Int(bitmap.width) == shape.width, unsafe Int(bitmap.rows) == shape.height,
      (isMono ? shape.width.dividedRoundingUp(by: 8) : shape.width) <= pitch,
      let start = unsafe bitmap.buffer
    else { throw .damaged(font: name, while: "bitmap of \(glyph)", code: 0) }

    // FreeType's bitmap has `height` rows of `pitch` bytes, of which none is shorter than checked.
    for y in 0..<shape.height {
      let bytes = unsafe Span(_unsafeStart: start + y * pitch, count: pitch)
      let row = unsafe cell.start + y * cell.pitch
      for x in 0..<shape.width {
        unsafe row[x] = isMono ? (bytes[x / 8] << (x % 8) & 0x80 == 0 ? 0 : 255) : bytes[x]
      }
    }
  }

  /// Whether it is of black and white, or of 256 greys.
  @unsafe private static func isDrawn(_ bitmap: FT_Bitmap) -> Bool {
    switch unsafe UInt32(bitmap.pixel_mode) {
    case FT_PIXEL_MODE_MONO.rawValue: true
    case FT_PIXEL_MODE_GRAY.rawValue: unsafe bitmap.num_grays == 256
    default: false
    }
  }

  @inline(__always)
  private func check(
    _ code: FT_Error, _ operation: String, _ glyph: UInt32
  ) throws(FontError) {
    guard code == 0 else {
      throw .damaged(font: name, while: "\(operation) of \(glyph)", code: Int(code))
    }
  }
}

/// How a glyph lies to its pen, in pixels.
struct GlyphShape: Sendable {
  // Few words, which are handed on in registers.
  private let x, y, columns, rows: Int32
  /// From the pen to where the next glyph begins, unhinted.
  let advance: Double

  init(left: Int, top: Int, width: Int, height: Int, advance: Double) {
    (x, y) = (Int32(clamping: left), Int32(clamping: top))
    (columns, rows) = (Int32(clamping: width), Int32(clamping: height))
    self.advance = advance
  }

  /// From the pen to the left edge of the image.
  var left: Int { Int(x) }
  /// From the baseline up to its upper edge.
  var top: Int { Int(y) }
  /// 0 for a glyph that leaves no ink.
  var width: Int { Int(columns) }
  var height: Int { Int(rows) }

  var hasInk: Bool { columns > 0 && rows > 0 }
}

extension GlyphShape {
  /// That of the bitmap which a slot has, or FreeType would draw there.
  @unsafe fileprivate init(bitmapOf slot: FT_GlyphSlot, advance: Double) {
    self.init(
      left: unsafe Int(slot.pointee.bitmap_left), top: unsafe Int(slot.pointee.bitmap_top),
      width: unsafe Int(slot.pointee.bitmap.width), height: unsafe Int(slot.pointee.bitmap.rows),
      advance: advance)
  }
}

extension Quarters {
  /// In 1/64 pixels, y upward.
  fileprivate var offset: FT_Vector { FT_Vector(x: FT_Pos(x * 16), y: FT_Pos(y * -16)) }
}

extension Hinting {
  /// For FreeType and for whoever shapes with it: `FT_LOAD_*`.
  package var loadFlags: Int32 {
    switch self {
    case .none: Int32(FT_LOAD_NO_HINTING)
    case .light: Int32(texalloc_ft_load_target_light)
    }
  }
}

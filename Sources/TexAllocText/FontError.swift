public import SystemPackage
public import TexAllocAtlas

/// What went wrong with a font, or with one glyph of it. A font is called by its file.
public enum FontError: Error, Hashable, Sendable {
  /// The file cannot be read.
  case unreadable(font: String, Errno)
  /// The bytes are those of no font that FreeType knows.
  case notAFont(font: String)
  /// The file has no face of this number.
  case noSuchFace(font: String, index: Int)
  /// The face cannot be varied along this axis.
  case noSuchAxis(font: String, axis: String)
  /// The value for the axis is no number.
  case noSuchPosition(font: String, axis: String, Double)
  /// The bytes begin like a font, but FreeType stumbled over them.
  case damaged(font: String, while: String, code: Int)
  /// A font, or a glyph, of a kind that this library does not draw.
  case unsupported(font: String, what: String)
  /// FreeType cannot make the font this large or small; in pixels.
  case unsupportedSize(font: String, pixelSize: Double)
  /// The face has no glyph of this number.
  case noSuchGlyph(font: String, glyph: UInt32)
  /// All places are taken by glyphs that are or may still be drawn. Flush, draw what there is so far, and
  /// ask again: the second flush at the latest makes room.
  case full(font: String, glyph: UInt32)
  /// The glyph can have no place on a page: it is larger than any, or there is no memory for a first one.
  case noPlace(font: String, glyph: UInt32, AtlasError)
  /// FreeType itself did not start, or ran out of memory.
  case freeType(while: String, code: Int)
}

extension FontError: CustomStringConvertible {
  public var description: String {
    switch self {
    case .unreadable(let font, let errno): "\(font): cannot be read: \(errno)"
    case .notAFont(let font): "\(font): not a font"
    case .noSuchFace(let font, let index): "\(font): has no face \(index)"
    case .noSuchAxis(let font, let axis): "\(font): has no axis \(axis)"
    case .noSuchPosition(let font, let axis, let value):
      "\(font): cannot stand at \(value) on the axis \(axis)"
    case .damaged(let font, let operation, let code):
      "\(font): damaged: \(operation) failed with 0x\(String(code, radix: 16))"
    case .unsupported(let font, let what): "\(font): \(what) are not supported"
    case .unsupportedSize(let font, let size):
      "\(font): cannot be made \(size) pixels large; outlines can from 1 to 16384, bitmaps as they are"
    case .noSuchGlyph(let font, let glyph): "\(font): has no glyph \(glyph)"
    case .full(let font, let glyph):
      "\(font): no place for glyph \(glyph) beside those that are being drawn"
    case .noPlace(let font, let glyph, let error): "\(font): glyph \(glyph): \(error)"
    case .freeType(let operation, let code):
      "FreeType: \(operation) failed with 0x\(String(code, radix: 16))"
    }
  }
}

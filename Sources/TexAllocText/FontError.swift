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
  /// The bytes begin like a font, but FreeType stumbled over them.
  case damaged(font: String, while: String, code: Int)
  /// A font, or a glyph, of a kind that this library does not draw.
  case unsupported(font: String, what: String)
  /// FreeType cannot make the font this large or small; in pixels.
  case unsupportedSize(font: String, pixelSize: Double)
  /// The face has no glyph of this number.
  case noSuchGlyph(font: String, glyph: UInt32)
  /// The glyph got no place on a page: it is larger than one, or there is no memory.
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
    case .damaged(let font, let operation, let code):
      "\(font): damaged: \(operation) failed with 0x\(String(code, radix: 16))"
    case .unsupported(let font, let what): "\(font): \(what) are not supported"
    case .unsupportedSize(let font, let size): "\(font): cannot be made \(size) pixels large"
    case .noSuchGlyph(let font, let glyph): "\(font): has no glyph \(glyph)"
    case .noPlace(let font, let glyph, let error): "\(font): glyph \(glyph): \(error)"
    case .freeType(let operation, let code):
      "FreeType: \(operation) failed with 0x\(String(code, radix: 16))"
    }
  }
}

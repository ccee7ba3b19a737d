package import CFreeType
public import SystemPackage

/// One face of a font file, for any number of sizes.
///
/// On one thread with its library. Fonts from anywhere may be opened: what FreeType refuses is a
/// typed error.
@safe public final class FontFace {
  /// What it was opened from. Faces of one source have the same glyphs.
  public let source: FontSource
  let library: FontLibrary
  @unsafe private let face: FT_Face
  /// The size that the face is set to, in 1/64 pixels; 0 where nobody knows.
  private var activeSize = 0

  /// Opens a face of a file, which FreeType maps: it must not shrink while the face lives.
  ///
  /// - Parameters:
  ///   - index: Which face of a collection (`.ttc`); in the upper 16 bits, which named
  ///     instance of a variable font.
  ///   - axes: Where a variable font is to stand on its axes, by their tags (`wght`, `wdth`): at most as
  ///     far as they go, and on those that are not named where the instance stands, or the font by itself.
  public convenience init(
    contentsOf path: FilePath, index: Int = 0, axes: [String: Double] = [:],
    in library: FontLibrary
  ) throws(FontError) {
    try self.init(FontSource(contentsOf: path, index: index, axes: axes), in: library)
  }

  /// Opens a face of a font in memory, of which it keeps a copy.
  public convenience init(
    bytes: Span<UInt8>, named name: String, index: Int = 0, axes: [String: Double] = [:],
    in library: FontLibrary
  ) throws(FontError) {
    try self.init(FontSource(bytes: bytes, named: name, index: index, axes: axes), in: library)
  }

  /// Opens once more what another face was opened from, perhaps on another thread.
  public init(_ source: FontSource, in library: FontLibrary) throws(FontError) {
    var face: FT_Face?
    let code: FT_Error
    switch source.place {
    case .file(let path, _):
      code = unsafe path.withPlatformString {
        unsafe FT_New_Face(library.handle, $0, source.index, &face)
      }
      if code != 0, let errno = Self.obstacle(to: path) {
        throw .unreadable(font: path.string, errno)
      }
    case .bytes(let held):
      // The source keeps them, and the face the source.
      let start = unsafe held.bytes.baseAddress?.assumingMemoryBound(to: FT_Byte.self)
      code = unsafe FT_New_Memory_Face(
        library.handle, start, held.bytes.count, source.index, &face)
    }
    let opened = try unsafe Self.checked(face, code, of: source.name, index: source.index)
    unsafe self.face = opened
    self.source = source
    self.library = library
    try refuseColourBitmaps()
    try unsafe Self.vary(opened, to: source.axes, of: source.name, in: library)
  }

  deinit { unsafe FT_Done_Face(face) }

  /// The path of the file, or what the caller called the bytes; errors name it.
  public var name: String { source.name }
  /// Which face of the file.
  public var index: Int { source.index }

  /// FreeType's own, for shaping; set to the size selected last.
  @unsafe package var handle: FT_Face { unsafe face }

  /// The family, where the font names it.
  public var familyName: String? {
    unsafe face.pointee.family_name.map { unsafe String(cString: $0) }
  }

  /// Whether outlines can be scaled to any size; otherwise there are bitmaps of a few sizes.
  public var isScalable: Bool { has(FT_FACE_FLAG_SCALABLE) }

  /// Glyphs are numbered from 0 to below this.
  public var glyphCount: Int { unsafe face.pointee.num_glyphs }

  /// The glyph of a character, by the font's own table; nil where the face lacks it.
  public func glyph(for character: Unicode.Scalar) -> UInt32? {
    let glyph = unsafe FT_Get_Char_Index(face, FT_ULong(character.value))
    return glyph == 0 ? nil : glyph
  }

  /// Sets the size that FreeType loads, measures and shapes at, in 1/64 pixels.
  package func select(_ size: GlyphSize) throws(FontError) {
    guard size.sixtyFourths != activeSize else { return }
    // 72 dots per inch: points are pixels.
    let code = unsafe FT_Set_Char_Size(face, 0, size.sixtyFourths, 72, 72)
    activeSize = code == 0 ? size.sixtyFourths : 0
    guard code == 0 else { throw .unsupportedSize(font: name, pixelSize: size.pixels) }
  }

  private func refuseColourBitmaps() throws(FontError) {
    guard isScalable || !has(FT_FACE_FLAG_COLOR) else {
      throw .unsupported(font: name, what: "colour glyphs")
    }
  }

  private func has(_ flag: Int) -> Bool { unsafe face.pointee.face_flags & flag != 0 }

  @unsafe private static func checked(
    _ face: FT_Face?, _ code: FT_Error, of font: String, index: Int
  ) throws(FontError) -> FT_Face {
    if code == 0, let face = unsafe face { return unsafe face }
    switch Int(code) {
    case FT_Err_Cannot_Open_Resource, FT_Err_Unknown_File_Format: throw .notAFont(font: font)
    case FT_Err_Invalid_Argument: throw .noSuchFace(font: font, index: index)
    case FT_Err_Out_Of_Memory: throw .freeType(while: "FT_Open_Face", code: Int(code))
    default: throw .damaged(font: font, while: "FT_Open_Face", code: Int(code))
    }
  }

  /// Why a file cannot be read; nil where it can, and the font itself is at fault.
  private static func obstacle(to path: FilePath) -> Errno? {
    do {
      let file = try FileDescriptor.open(path, .readOnly)
      try file.closeAfter {
        var byte: UInt8 = 0
        _ = try unsafe withUnsafeMutableBytes(of: &byte) { unsafe try file.read(into: $0) }
      }
      return nil
    } catch {
      return error as? Errno
    }
  }
}

/// FreeType, which reads fonts: one for each thread that does.
///
/// FreeType must not be called for one library from two threads at a time. So a library, its faces
/// and the caches that use them stay together on one thread; they are not `Sendable`.
/// https://freetype.org/freetype2/docs/reference/ft2-library_setup.html
@safe public final class FontLibrary {
  @unsafe let handle: FT_Library

  /// - Throws: `FontError.freeType` where memory is short.
  public init() throws(FontError) {
    var handle: FT_Library?
    let code = unsafe FT_Init_FreeType(&handle)
    guard code == 0, let handle = unsafe handle else {
      throw .freeType(while: "FT_Init_FreeType", code: Int(code))
    }
    unsafe self.handle = handle
  }

  deinit { unsafe FT_Done_FreeType(handle) }
}

/// How high the lines of a face are at one size, in whole pixels.
public struct LineMetrics: Hashable, Sendable {
  /// From the baseline up to the top of the tallest letters.
  public let ascent: Double
  /// From the baseline down to the bottom of the deepest.
  public let descent: Double
  /// From one baseline to the next.
  public let lineHeight: Double
}

extension FontFace {
  /// What the font says about its lines.
  public func lineMetrics(pixelSize: Double) throws(FontError) -> LineMetrics {
    try select(size(pixels: pixelSize))
    let metrics = unsafe handle.pointee.size.pointee.metrics
    return LineMetrics(
      ascent: Double(metrics.ascender) / 64, descent: -Double(metrics.descender) / 64,
      lineHeight: Double(metrics.height) / 64)
  }
}

package import CFreeType
internal import Synchronization
public import SystemPackage

/// One face of a font file, for any number of sizes.
///
/// On one thread with its library. Fonts from anywhere may be opened: what FreeType refuses is a
/// typed error.
@safe public final class FontFace {
  /// What a face is told apart by: never used twice in a process.
  public struct ID: Hashable, Sendable {
    private static let last = Atomic<UInt64>(0)
    private let number = last.add(1, ordering: .relaxed).newValue
  }

  public let id = ID()
  /// The file, or what the caller called the bytes; errors name it.
  public let name: String
  /// Which face of the file.
  public let index: Int
  let library: FontLibrary
  @unsafe private let face: FT_Face
  /// A copy that FreeType reads from for as long as the face lives; nil for a file.
  @unsafe private let bytes: UnsafeMutableRawBufferPointer?
  /// The size that the face is set to, in 1/64 pixels; 0 where nobody knows.
  private var activeSize = 0

  /// Opens a face of a file, which FreeType maps: it must not shrink while the face lives.
  ///
  /// - Parameter index: Which face of a collection (`.ttc`); in the upper 16 bits, which named
  ///   instance of a variable font.
  public init(
    contentsOf path: FilePath, index: Int = 0, in library: FontLibrary
  ) throws(FontError) {
    var face: FT_Face?
    let code = unsafe FT_New_Face(library.handle, path.string, index, &face)
    if code != 0, let errno = Self.obstacle(to: path) {
      throw .unreadable(font: path.string, errno)
    }
    unsafe self.face = try Self.checked(face, code, of: path.string, index: index)
    unsafe bytes = nil
    name = path.string
    self.index = index
    self.library = library
    try refuseColourBitmaps()
  }

  /// Opens a face of a font in memory, of which it keeps a copy.
  public init(
    bytes: Span<UInt8>, named name: String, index: Int = 0, in library: FontLibrary
  ) throws(FontError) {
    let copy = UnsafeMutableRawBufferPointer.allocate(byteCount: bytes.count, alignment: 1)
    unsafe bytes.withUnsafeBytes { unsafe copy.copyMemory(from: $0) }
    var face: FT_Face?
    let start = unsafe copy.baseAddress?.assumingMemoryBound(to: FT_Byte.self)
    let code = unsafe FT_New_Memory_Face(library.handle, start, copy.count, index, &face)
    do {
      unsafe self.face = try Self.checked(face, code, of: name, index: index)
    } catch {
      unsafe copy.deallocate()
      throw error
    }
    unsafe self.bytes = copy
    self.name = name
    self.index = index
    self.library = library
    try refuseColourBitmaps()
  }

  deinit {
    unsafe FT_Done_Face(face)
    unsafe bytes?.deallocate()
  }

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

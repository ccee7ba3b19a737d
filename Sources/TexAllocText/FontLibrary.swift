internal import CFreeType

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

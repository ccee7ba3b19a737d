internal import CEGL
internal import CFreeType
internal import TexAllocEGL

/// A page that the driver keeps, to which glyphs are uploaded one by one.
final class GLGlyphPage {
  private let texture = GLTexture()
  private var packing: RowPacking

  init(side: Int) {
    packing = RowPacking(side: side)
    glTexImage2D(
      GLenum(GL_TEXTURE_2D), 0, GL_R8, GLsizei(side), GLsizei(side), 0, GLenum(GL_RED),
      GLenum(GL_UNSIGNED_BYTE), nil)
  }

  /// Begins anew at the top.
  func clear() {
    packing = RowPacking(side: packing.side)
    glBindTexture(GLenum(GL_TEXTURE_2D), texture.name)
    glPixelStorei(GLenum(GL_UNPACK_ALIGNMENT), 1)
  }

  @unsafe func add(_ bitmap: FT_Bitmap) {
    let (width, height) = unsafe (Int(bitmap.width), Int(bitmap.rows))
    guard let (x, y) = packing.place(width: width, height: height) else { return }
    glPixelStorei(GLenum(GL_UNPACK_ROW_LENGTH), unsafe GLint(bitmap.pitch))
    unsafe glTexSubImage2D(
      GLenum(GL_TEXTURE_2D), 0, GLint(x), GLint(y), GLsizei(width), GLsizei(height),
      GLenum(GL_RED), GLenum(GL_UNSIGNED_BYTE), bitmap.buffer)
  }
}

internal import CEGL
internal import CFreeType

/// A page that the driver keeps, to which glyphs are uploaded one by one, in rows as they come.
final class GLGlyphPage {
  private let side: Int
  private let texture = GLTexture()
  private var x = 0
  private var y = 0
  private var rowHeight = 0

  init(side: Int) {
    self.side = side
    glTexImage2D(
      GLenum(GL_TEXTURE_2D), 0, GL_R8, GLsizei(side), GLsizei(side), 0, GLenum(GL_RED),
      GLenum(GL_UNSIGNED_BYTE), nil)
  }

  /// Begins anew at the top.
  func clear() {
    (x, y, rowHeight) = (0, 0, 0)
    glBindTexture(GLenum(GL_TEXTURE_2D), texture.name)
    glPixelStorei(GLenum(GL_UNPACK_ALIGNMENT), 1)
  }

  @unsafe func add(_ bitmap: FT_Bitmap) {
    let (width, height) = unsafe (Int(bitmap.width), Int(bitmap.rows))
    guard width > 0, height > 0 else { return }
    if x + width + 1 > side {
      x = 0
      y += rowHeight + 1
      rowHeight = 0
    }
    precondition(y + height <= side, "the page is full")
    glPixelStorei(GLenum(GL_UNPACK_ROW_LENGTH), unsafe GLint(bitmap.pitch))
    unsafe glTexSubImage2D(
      GLenum(GL_TEXTURE_2D), 0, GLint(x), GLint(y), GLsizei(width), GLsizei(height),
      GLenum(GL_RED), GLenum(GL_UNSIGNED_BYTE), bitmap.buffer)
    x += width + 1
    rowHeight = max(rowHeight, height)
  }
}

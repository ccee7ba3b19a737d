internal import CEGL
internal import TexAllocEGL

/// A texture with storage of the driver's, as OpenGL ES has always had them.
final class GLTexture {
  let name = GLTexture.make()

  /// A new name, bound, that samples linearly and clamps to its edge.
  static func make() -> GLuint {
    var name: GLuint = 0
    unsafe glGenTextures(1, &name)
    glBindTexture(GLenum(GL_TEXTURE_2D), name)
    let target = GLenum(GL_TEXTURE_2D)
    glTexParameteri(target, GLenum(GL_TEXTURE_MIN_FILTER), GL_LINEAR)
    glTexParameteri(target, GLenum(GL_TEXTURE_MAG_FILTER), GL_LINEAR)
    glTexParameteri(target, GLenum(GL_TEXTURE_WRAP_S), GL_CLAMP_TO_EDGE)
    glTexParameteri(target, GLenum(GL_TEXTURE_WRAP_T), GL_CLAMP_TO_EDGE)
    return name
  }

  deinit { unsafe glDeleteTextures(1, [name]) }

  /// Gives it storage for a picture.
  ///
  /// - Parameter pixels: Rows of the picture's pitch; nil for none yet.
  @unsafe func define(_ picture: Picture, from pixels: UnsafeRawPointer?) {
    bind(picture)
    unsafe glTexImage2D(
      GLenum(GL_TEXTURE_2D), 0, GL_RGBA, GLsizei(picture.width), GLsizei(picture.height), 0,
      GLenum(GL_RGBA), GLenum(GL_UNSIGNED_BYTE), pixels)
  }

  /// - Parameter pixels: Rows of the picture's pitch; nil for those of the pixel buffer that is bound.
  @unsafe func update(_ picture: Picture, from pixels: UnsafeRawPointer?) {
    bind(picture)
    unsafe glTexSubImage2D(
      GLenum(GL_TEXTURE_2D), 0, 0, 0, GLsizei(picture.width), GLsizei(picture.height),
      GLenum(GL_RGBA), GLenum(GL_UNSIGNED_BYTE), pixels)
  }

  /// - Parameter rowLength: Pixels from one row to the next.
  func bind(rowLength: Int) {
    glBindTexture(GLenum(GL_TEXTURE_2D), name)
    glPixelStorei(GLenum(GL_UNPACK_ROW_LENGTH), GLint(rowLength))
  }

  private func bind(_ picture: Picture) { bind(rowLength: picture.pitch / 4) }
}

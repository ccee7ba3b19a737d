internal import CEGL

/// A new texture that samples linearly and clamps to its edge. The binding stays as it was.
///
/// - Parameter define: Gives it its pixels while it is bound. Where that fails, there is no texture.
func makeSampledTexture(
  _ define: () throws(EGLFailure) -> Void
) throws(EGLFailure) -> GLuint {
  var name: GLuint = 0
  unsafe glGenTextures(1, &name)
  do {
    try withTextureBound(name) { () throws(EGLFailure) in
      let target = GLenum(GL_TEXTURE_2D)
      glTexParameteri(target, GLenum(GL_TEXTURE_MIN_FILTER), GL_LINEAR)
      glTexParameteri(target, GLenum(GL_TEXTURE_MAG_FILTER), GL_LINEAR)
      glTexParameteri(target, GLenum(GL_TEXTURE_WRAP_S), GL_CLAMP_TO_EDGE)
      glTexParameteri(target, GLenum(GL_TEXTURE_WRAP_T), GL_CLAMP_TO_EDGE)
      try define()
    }
  } catch {
    unsafe glDeleteTextures(1, &name)
    throw error
  }
  return name
}

/// Binds a texture for as long as the body runs; the toolkit's own binding comes back.
func withTextureBound<Result, Failure: Error>(
  _ name: GLuint, _ body: () throws(Failure) -> Result
) throws(Failure) -> Result {
  var before: GLint = 0
  unsafe glGetIntegerv(GLenum(GL_TEXTURE_BINDING_2D), &before)
  glBindTexture(GLenum(GL_TEXTURE_2D), name)
  defer { glBindTexture(GLenum(GL_TEXTURE_2D), GLuint(before)) }
  return try body()
}

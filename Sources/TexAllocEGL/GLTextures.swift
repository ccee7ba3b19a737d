internal import CEGL

/// A new texture that samples linearly and clamps to its edge. The binding stays as it was.
func makeSampledTexture() -> GLuint {
  var name: GLuint = 0
  unsafe glGenTextures(1, &name)
  withTextureBound(name) {
    for (parameter, value) in [
      (GL_TEXTURE_MIN_FILTER, GL_LINEAR), (GL_TEXTURE_MAG_FILTER, GL_LINEAR),
      (GL_TEXTURE_WRAP_S, GL_CLAMP_TO_EDGE), (GL_TEXTURE_WRAP_T, GL_CLAMP_TO_EDGE),
    ] {
      glTexParameteri(GLenum(GL_TEXTURE_2D), GLenum(parameter), value)
    }
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

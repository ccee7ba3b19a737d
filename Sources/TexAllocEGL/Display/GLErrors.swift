internal import CEGL

/// Forgets the errors of earlier calls, whosever they were.
func drainGLErrors() {
  // A lost context may answer with an error for ever.
  for _ in 0..<16 where glGetError() == GLenum(GL_NO_ERROR) { return }
}

/// - Throws: The error that an OpenGL ES call left behind.
func checkGL(_ operation: String) throws(EGLFailure) {
  switch Int32(glGetError()) {
  case GL_NO_ERROR: return
  case GL_INVALID_ENUM: throw .failed(operation, "GL_INVALID_ENUM")
  case GL_INVALID_VALUE: throw .failed(operation, "GL_INVALID_VALUE")
  case GL_INVALID_OPERATION: throw .failed(operation, "GL_INVALID_OPERATION")
  case GL_INVALID_FRAMEBUFFER_OPERATION:
    throw .failed(operation, "GL_INVALID_FRAMEBUFFER_OPERATION")
  case GL_OUT_OF_MEMORY: throw .failed(operation, "GL_OUT_OF_MEMORY")
  case let other: throw .failed(operation, "0x" + String(other, radix: 16))
  }
}

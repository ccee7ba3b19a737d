internal import CEGL
internal import ProgramSupport
internal import TexAllocEGL

/// A pixel buffer object: memory of the driver's, from which it updates textures.
final class PixelBuffer {
  private let size: Int
  private var name: GLuint = 0

  init(size: Int) {
    self.size = size
    unsafe glGenBuffers(1, &name)
  }

  deinit { unsafe glDeleteBuffers(1, &name) }

  /// Has it filled anew, whatever the driver still reads of what was in it.
  ///
  /// - Parameter write: Is given room for all of it, to be written only.
  @unsafe func fill(_ write: (UnsafeMutableRawPointer) throws -> Void) throws {
    try bound {
      glBufferData(GLenum(GL_PIXEL_UNPACK_BUFFER), size, nil, GLenum(GL_STREAM_DRAW))
      let memory = unsafe glMapBufferRange(
        GLenum(GL_PIXEL_UNPACK_BUFFER), 0, size,
        GLbitfield(GL_MAP_WRITE_BIT | GL_MAP_INVALIDATE_BUFFER_BIT))
      guard let memory = unsafe memory else { throw ProgramFailure("glMapBufferRange: no memory") }
      defer { _ = glUnmapBuffer(GLenum(GL_PIXEL_UNPACK_BUFFER)) }
      try unsafe write(memory)
    }
  }

  /// Runs the body with the buffer bound: what takes pixels takes them from it.
  func bound(_ body: () throws -> Void) rethrows {
    glBindBuffer(GLenum(GL_PIXEL_UNPACK_BUFFER), name)
    defer { glBindBuffer(GLenum(GL_PIXEL_UNPACK_BUFFER), 0) }
    try body()
  }
}

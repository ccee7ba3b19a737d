internal import CEGL

/// A buffer of OpenGL whose contents no other has: a context in which it is known shares with the one that
/// made it.
struct ShareMarker: Sendable {
  private let name: GLuint
  private let contents: [UInt64]

  /// In the context that is current, whose bindings stay.
  init() {
    contents = (0..<4).map { _ in .random(in: .min ... .max) }
    var name: GLuint = 0
    unsafe glGenBuffers(1, &name)
    self.name = name
    withBound {
      unsafe contents.withUnsafeBytes {
        unsafe glBufferData(
          Self.target, $0.count, $0.baseAddress, GLenum(GL_STATIC_DRAW))
      }
    }
    glFlush()
  }

  private static let target = GLenum(GL_COPY_READ_BUFFER)
  private var size: Int { contents.count * MemoryLayout<UInt64>.stride }

  /// Whether the context that is current knows it. The name may be of another buffer there.
  func isKnownHere() -> Bool {
    // Binding a name that is not known would make it a buffer.
    guard glIsBuffer(name) == GLboolean(GL_TRUE) else { return false }
    drainGLErrors()
    defer { drainGLErrors() }
    return withBound {
      func parameter(_ parameter: Int32) -> GLint {
        var value: GLint = 0
        unsafe glGetBufferParameteriv(Self.target, GLenum(parameter), &value)
        return value
      }
      guard parameter(GL_BUFFER_SIZE) == size, parameter(GL_BUFFER_MAPPED) == GL_FALSE,
        let start = unsafe glMapBufferRange(Self.target, 0, size, GLbitfield(GL_MAP_READ_BIT))
      else { return false }
      defer { _ = glUnmapBuffer(Self.target) }
      let bytes = unsafe UnsafeRawBufferPointer(start: start, count: size)
      return unsafe contents.withUnsafeBytes { unsafe $0.elementsEqual(bytes) }
    }
  }

  func delete() { unsafe glDeleteBuffers(1, [name]) }

  private func withBound<Result>(_ body: () -> Result) -> Result {
    let before = glInteger(GL_COPY_READ_BUFFER_BINDING)
    glBindBuffer(Self.target, name)
    defer { glBindBuffer(Self.target, GLuint(before)) }
    return body()
  }
}

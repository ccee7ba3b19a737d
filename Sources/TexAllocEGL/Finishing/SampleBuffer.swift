internal import CEGL

/// Memory of the GPU's own for the samples of a picture, between the two shaders.
final class SampleBuffer: Sendable {
  let name: GLuint
  /// Bytes.
  let size: Int
  private let context: OwnContext

  /// In the context that is current, or one of its share group.
  ///
  /// - Parameter context: Shares it, and deletes it on its own thread.
  init(of size: Int, deletedBy context: OwnContext) throws(EGLFailure) {
    var name: GLuint = 0
    unsafe glGenBuffers(1, &name)
    let target = GLenum(GL_SHADER_STORAGE_BUFFER)
    let before = glInteger(GL_SHADER_STORAGE_BUFFER_BINDING)
    drainGLErrors()
    glBindBuffer(target, name)
    glBufferData(target, size, nil, GLenum(GL_DYNAMIC_COPY))
    glBindBuffer(target, GLuint(before))
    do { try checkGL("glBufferData") } catch {
      unsafe glDeleteBuffers(1, &name)
      throw error
    }
    self.name = name
    self.size = size
    self.context = context
  }

  deinit {
    let name = name
    context.begin { unsafe glDeleteBuffers(1, [name]) }
  }
}

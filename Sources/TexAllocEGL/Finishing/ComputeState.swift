internal import CEGL

/// What computing touches of a context's state, as the toolkit has it.
struct ComputeState {
  private struct StorageBinding {
    let name: GLint
    let start, size: Int64
  }

  private let program, storage: GLint
  private let bindings: [StorageBinding]
  /// Of the first image unit: name, level, whether all layers, layer, access, format.
  private let image: [GLint]

  /// Runs the body, and leaves the context's state as it was.
  static func keeping<Result, Failure: Error>(
    _ body: () throws(Failure) -> Result
  ) throws(Failure) -> Result {
    let state = ComputeState()
    defer { state.restore() }
    return try body()
  }

  private init() {
    program = glInteger(GL_CURRENT_PROGRAM)
    storage = glInteger(GL_SHADER_STORAGE_BUFFER_BINDING)
    bindings = (0..<3).map { index in
      StorageBinding(
        name: Self.number(GL_SHADER_STORAGE_BUFFER_BINDING, index),
        start: Self.longNumber(GL_SHADER_STORAGE_BUFFER_START, index),
        size: Self.longNumber(GL_SHADER_STORAGE_BUFFER_SIZE, index))
    }
    image = [
      GL_IMAGE_BINDING_NAME, GL_IMAGE_BINDING_LEVEL, GL_IMAGE_BINDING_LAYERED,
      GL_IMAGE_BINDING_LAYER, GL_IMAGE_BINDING_ACCESS, GL_IMAGE_BINDING_FORMAT,
    ].map { Self.number($0, 0) }
  }

  private func restore() {
    // One that was deleted before has gone with its last use.
    glUseProgram(glIsProgram(GLuint(program)) == GLboolean(GL_TRUE) ? GLuint(program) : 0)
    let target = GLenum(GL_SHADER_STORAGE_BUFFER)
    for (index, binding) in bindings.enumerated() {
      if binding.size == 0 {
        glBindBufferBase(target, GLuint(index), GLuint(binding.name))
      } else {
        glBindBufferRange(
          target, GLuint(index), GLuint(binding.name), Int(binding.start), Int(binding.size))
      }
    }
    glBindBuffer(target, GLuint(storage))
    let isThere = glIsTexture(GLuint(image[0])) == GLboolean(GL_TRUE)
    glBindImageTexture(
      0, isThere ? GLuint(image[0]) : 0, image[1], GLboolean(image[2]), image[3], GLenum(image[4]),
      GLenum(image[5]))
  }

  private static func number(_ name: Int32, _ index: Int) -> GLint {
    var value: GLint = 0
    unsafe glGetIntegeri_v(GLenum(name), GLuint(index), &value)
    return value
  }

  private static func longNumber(_ name: Int32, _ index: Int) -> Int64 {
    var value: GLint64 = 0
    unsafe glGetInteger64i_v(GLenum(name), GLuint(index), &value)
    return Int64(value)
  }
}

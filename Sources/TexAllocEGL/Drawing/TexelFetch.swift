internal import CEGL

/// What a shader sees of texels: one fetch for each, without filter or blending.
///
/// It is for a context of the device's own, whose state nobody minds.
struct TexelFetch: Sendable {
  private static let vertex = """
    void main() {
      vec2 corner = vec2(gl_VertexID & 1, gl_VertexID >> 1);
      gl_Position = vec4(corner * 4.0 - 1.0, 0.0, 1.0);
    }
    """

  private static func fragment(_ sampler: String) -> String {
    """
    uniform highp \(sampler) image;
    uniform int shift;
    out vec4 pixel;
    void main() { pixel = texelFetch(image, ivec2(gl_FragCoord.xy) + ivec2(0, shift), 0); }
    """
  }

  /// Of the textures that it is for.
  let target: GLenum
  private let program: ShaderProgram
  private let shift: GLint

  /// - Parameter target: `GL_TEXTURE_2D`, or `GL_TEXTURE_EXTERNAL_OES` in OpenGL ES.
  init(from target: Int32 = GL_TEXTURE_2D) throws(EGLFailure) {
    self.target = GLenum(target)
    program =
      target == GL_TEXTURE_EXTERNAL_OES
      ? try ShaderProgram(
        vertex: Self.vertex, fragment: Self.fragment("samplerExternalOES"),
        extension: "GL_OES_EGL_image_external_essl3")
      : try ShaderProgram(vertex: Self.vertex, fragment: Self.fragment("sampler2D"))
    shift = program.place(of: "shift")
  }

  func delete() { glDeleteProgram(program.name) }

  /// Waits for the GPU.
  ///
  /// - Returns: `R`, `G`, `B`, `A` bytes of the rows, one after another.
  func texels(
    ofRows rows: [Int], _ width: Int, in texture: GLuint
  ) throws(EGLFailure) -> [UInt8] {
    var (framebuffer, renderbuffer, vertices): (GLuint, GLuint, GLuint) = (0, 0, 0)
    unsafe glGenFramebuffers(1, &framebuffer)
    unsafe glGenRenderbuffers(1, &renderbuffer)
    unsafe glGenVertexArrays(1, &vertices)
    defer {
      unsafe glDeleteFramebuffers(1, &framebuffer)
      unsafe glDeleteRenderbuffers(1, &renderbuffer)
      unsafe glDeleteVertexArrays(1, &vertices)
    }
    drainGLErrors()
    glBindRenderbuffer(GLenum(GL_RENDERBUFFER), renderbuffer)
    glRenderbufferStorage(
      GLenum(GL_RENDERBUFFER), GLenum(GL_RGBA8), GLsizei(width), GLsizei(rows.count))
    glBindFramebuffer(GLenum(GL_FRAMEBUFFER), framebuffer)
    glFramebufferRenderbuffer(
      GLenum(GL_FRAMEBUFFER), GLenum(GL_COLOR_ATTACHMENT0), GLenum(GL_RENDERBUFFER), renderbuffer)
    glBindVertexArray(vertices)  // without attributes: the corners know their numbers
    glBindTexture(target, texture)
    glUseProgram(program.name)
    for (y, row) in rows.enumerated() {
      glViewport(0, GLint(y), GLsizei(width), 1)
      glUniform1i(shift, GLint(row - y))
      glDrawArrays(GLenum(GL_TRIANGLES), 0, 3)
    }
    var texels = [UInt8](repeating: 0, count: width * rows.count * 4)
    unsafe texels.withUnsafeMutableBytes {
      unsafe glReadPixels(
        0, 0, GLsizei(width), GLsizei(rows.count), GLenum(GL_RGBA), GLenum(GL_UNSIGNED_BYTE),
        $0.baseAddress)
    }
    try checkGL("glReadPixels")
    return texels
  }
}

internal import CEGL
internal import TexAlloc

/// What a shader sees of texels: one fetch for each, without filter or blending.
///
/// It is for contexts whose state nobody minds.
struct TexelFetch: Sendable {
  private static let vertex = """
    void main() {
      vec2 corner = vec2(gl_VertexID & 1, gl_VertexID >> 1);
      gl_Position = vec4(corner * 4.0 - 1.0, 0.0, 1.0);
    }
    """

  private static let fragment = """
    uniform highp sampler2D image;
    uniform int shift;
    out vec4 pixel;
    void main() { pixel = texelFetch(image, ivec2(gl_FragCoord.xy) + ivec2(0, shift), 0); }
    """

  /// Mesa answers a fetch from an image of brightness and colour with black; in the middle of a texel,
  /// the nearest one is sampled.
  private static let externalFragment = """
    uniform highp samplerExternalOES image;
    uniform vec2 size;
    uniform int shift;
    out vec4 pixel;
    void main() { pixel = texture(image, (gl_FragCoord.xy + vec2(0.0, float(shift))) / size); }
    """

  /// Of the textures that it is for.
  let target: GLenum
  private let program: ShaderProgram
  /// The places of its uniforms. Where the size is not used it has none, and OpenGL ignores it.
  private let size, shift: GLint

  /// - Parameter target: `GL_TEXTURE_2D`, or `GL_TEXTURE_EXTERNAL_OES` in OpenGL ES.
  init(from target: Int32 = GL_TEXTURE_2D) throws(EGLFailure) {
    self.target = GLenum(target)
    program =
      target == GL_TEXTURE_EXTERNAL_OES
      ? try ShaderProgram(
        vertex: Self.vertex, fragment: Self.externalFragment,
        extension: "GL_OES_EGL_image_external_essl3")
      : try ShaderProgram(vertex: Self.vertex, fragment: Self.fragment)
    (size, shift) = (program.place(of: "size"), program.place(of: "shift"))
  }

  func delete() { glDeleteProgram(program.name) }

  /// Waits for the GPU. The texture is not filtered from now on.
  ///
  /// - Returns: `R`, `G`, `B`, `A` bytes of the rows, one after another.
  func texels(
    ofRows rows: [Int], of image: ImageSize, in texture: GLuint
  ) throws(EGLFailure) -> [UInt8] {
    let width = image.width
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
    for filter in [GL_TEXTURE_MIN_FILTER, GL_TEXTURE_MAG_FILTER] {
      glTexParameteri(target, GLenum(filter), GL_NEAREST)
    }
    glUseProgram(program.name)
    glUniform2f(size, GLfloat(image.width), GLfloat(image.height))
    glDisable(GLenum(GL_BLEND))
    for run in rows.runs {
      glViewport(0, GLint(run.lowerBound), GLsizei(width), GLsizei(run.count))
      glUniform1i(shift, GLint(rows[run.lowerBound] - run.lowerBound))
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

extension [Int] {
  /// The places of numbers that follow each other, run by run: one draw each.
  fileprivate var runs: [Range<Int>] {
    indices.reduce(into: []) { runs, place in
      if let last = runs.last, self[place] == self[place - 1] + 1 {
        runs[runs.count - 1] = last.lowerBound..<place + 1
      } else {
        runs.append(place..<place + 1)
      }
    }
  }
}

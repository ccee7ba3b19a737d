import CEGL
import ProgramSupport
import TexAlloc
import XCTest

@testable import TexAllocEGL

/// What an external texture shows of a buffer: for formats that no other texture samples.
enum ExternalView {
  private static let vertex = """
    #version 300 es
    out vec2 place;
    void main() {
      place = vec2(gl_VertexID & 1, gl_VertexID >> 1) * 2.0;
      gl_Position = vec4(place * 2.0 - 1.0, 0.0, 1.0);
    }
    """

  private static let fragment = """
    #version 300 es
    #extension GL_OES_EGL_image_external_essl3 : require
    precision highp float;
    uniform samplerExternalOES image;
    in vec2 place;
    out vec4 pixel;
    void main() { pixel = texture(image, place); }
    """

  /// `R`, `G`, `B`, `A` bytes, rows from the top, unfiltered. Sampled, since Mesa answers a texelFetch of
  /// packed brightness and colour with black.
  ///
  /// - Parameter change: Made to the buffer after it was imported.
  static func pixels(
    of buffer: TextureBuffer, on gpu: EGLDevice, after change: () -> Void
  ) throws -> [UInt8] {
    let importer = try XCTUnwrap(gpu.importer)
    let image = try importer.makeImage(of: buffer, on: gpu.connection)
    defer { importer.destroy(image, on: gpu.connection) }
    var texture: GLuint = 0
    unsafe glGenTextures(1, &texture)
    defer { unsafe glDeleteTextures(1, &texture) }
    let target = GLenum(GL_TEXTURE_EXTERNAL_OES)
    glBindTexture(target, texture)
    for filter in [GL_TEXTURE_MIN_FILTER, GL_TEXTURE_MAG_FILTER] {
      glTexParameteri(target, GLenum(filter), GL_NEAREST)
    }
    try importer.bind(image, to: GL_TEXTURE_EXTERNAL_OES)
    change()

    let (width, height) = (buffer.layout.width, buffer.layout.height)
    let canvas = try Canvas(width: width, height: height)
    canvas.clear(.zero)
    let program = glCreateProgram()
    defer { glDeleteProgram(program) }
    for (kind, source) in [(GL_VERTEX_SHADER, vertex), (GL_FRAGMENT_SHADER, fragment)] {
      attach(kind, source, to: program)
    }
    glLinkProgram(program)
    glUseProgram(program)
    glViewport(0, 0, GLsizei(width), GLsizei(height))
    glDisable(GLenum(GL_BLEND))
    glDrawArrays(GLenum(GL_TRIANGLES), 0, 3)
    glUseProgram(0)
    return try canvas.readPixels()
  }

  private static func attach(_ kind: Int32, _ source: String, to program: GLuint) {
    let shader = glCreateShader(GLenum(kind))
    unsafe source.withCString { text in
      var line: UnsafePointer<GLchar>? = unsafe text
      unsafe glShaderSource(shader, 1, &line, nil)
    }
    glCompileShader(shader)
    glAttachShader(program, shader)
    glDeleteShader(shader)
  }
}

internal import CEGL

/// A program of two shaders, for OpenGL ES 3.0 and OpenGL 3.3 alike, or of one that computes, for
/// OpenGL ES 3.1 and OpenGL 4.3. It lasts until it is
/// deleted by its name, or its context goes.
package struct ShaderProgram: Sendable {
  package let name: UInt32

  /// Compiles and links it for the context that is current.
  ///
  /// - Parameters:
  ///   - vertex: GLSL that says no version, as the fragment shader.
  ///   - texture: What the fragment shader samples.
  ///   - extension: What the fragment shader needs of OpenGL ES.
  package init(
    vertex: String, fragment: String, sampling texture: TextureShader? = nil,
    extension: String? = nil
  ) throws(EGLFailure) {
    let vertex = try Self.compile(GL_VERTEX_SHADER, vertex)
    defer { glDeleteShader(vertex) }
    let fragment = try Self.compile(
      GL_FRAGMENT_SHADER, fragment, after: texture?.source ?? "", `extension`)
    defer { glDeleteShader(fragment) }
    name = try Self.link([vertex, fragment])
  }

  /// - Parameter compute: GLSL that says no version.
  init(compute: String) throws(EGLFailure) {
    let shader = try Self.compile(GL_COMPUTE_SHADER, compute)
    defer { glDeleteShader(shader) }
    name = try Self.link([shader])
  }

  /// The place of a uniform.
  package func place(of uniform: String) -> Int32 {
    unsafe glGetUniformLocation(name, uniform)
  }

  private static func link(_ shaders: [GLuint]) throws(EGLFailure) -> GLuint {
    let name = glCreateProgram()
    for shader in shaders { glAttachShader(name, shader) }
    glLinkProgram(name)
    var linked: GLint = 0
    unsafe glGetProgramiv(name, GLenum(GL_LINK_STATUS), &linked)
    guard linked == GL_TRUE else {
      defer { glDeleteProgram(name) }
      throw unsafe .failed("glLinkProgram", log { unsafe glGetProgramInfoLog(name, $0, nil, $1) })
    }
    return name
  }

  private static func compile(
    _ kind: Int32, _ source: String, after beginning: String = "", _ extension: String? = nil
  ) throws(EGLFailure) -> GLuint {
    let shader = glCreateShader(GLenum(kind))
    let isES = glString(GL_VERSION).hasPrefix("OpenGL ES")
    var header =
      kind == GL_COMPUTE_SHADER
      ? (isES ? "#version 310 es\n" : "#version 430 core\n")
      : (isES ? "#version 300 es\n" : "#version 330 core\n")
    if isES, let `extension` { header += "#extension \(`extension`) : require\n" }
    header += beginning
    if isES { header += "precision highp float;\n" }
    unsafe (header + source).withCString { text in
      var line: UnsafePointer<GLchar>? = unsafe text
      unsafe glShaderSource(shader, 1, &line, nil)
    }
    glCompileShader(shader)
    var compiled: GLint = 0
    unsafe glGetShaderiv(shader, GLenum(GL_COMPILE_STATUS), &compiled)
    guard compiled == GL_TRUE else {
      defer { glDeleteShader(shader) }
      throw unsafe .failed(
        "glCompileShader", log { unsafe glGetShaderInfoLog(shader, $0, nil, $1) })
    }
    return shader
  }

  /// What the driver says of a failure, in one line.
  private static func log(_ read: (GLsizei, UnsafeMutablePointer<GLchar>) -> Void) -> String {
    var bytes = [GLchar](repeating: 0, count: 1024)
    unsafe read(GLsizei(bytes.count), &bytes)
    let text = String(
      decoding: bytes.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    return text.split(whereSeparator: \.isNewline).joined(separator: "; ")
  }
}

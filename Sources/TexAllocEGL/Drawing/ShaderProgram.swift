internal import CEGL

/// The one program that this library draws with: rectangles in pixels, sampled, coloured, or both.
/// It goes with its context.
struct ShaderProgram {
  private static let vertex = """
    uniform vec2 size;
    layout(location = 0) in vec2 position;
    layout(location = 1) in vec2 texel;
    layout(location = 2) in vec4 tint;
    out vec2 place;
    out vec4 colour;
    void main() {
      place = texel;
      colour = tint;
      gl_Position = vec4(position / size * 2.0 - 1.0, 0.0, 1.0);
    }
    """

  private static let fragment = """
    uniform sampler2D image;
    uniform int mode;
    in vec2 place;
    in vec4 colour;
    out vec4 pixel;
    void main() {
      if (mode == 0) pixel = colour;
      else if (mode == 1) pixel = texelFetch(image, ivec2(place), 0);
      else {
        // A pixel shows all texels below it: one filtered sample for every two, each way.
        vec2 size = vec2(textureSize(image, 0));
        vec2 extent = vec2(abs(dFdx(place.x)), abs(dFdy(place.y)));
        ivec2 count = clamp(ivec2(ceil(extent / 2.0 - 0.01)), 1, 32);
        vec4 sum = vec4(0.0);
        for (int y = 0; y < count.y; y++)
          for (int x = 0; x < count.x; x++) {
            vec2 share = (vec2(x, y) + 0.5) / vec2(count) - 0.5;
            sum += texture(image, (place + share * extent) / size);
          }
        vec4 mean = sum / float(count.x * count.y);
        pixel = colour * (mode == 2 ? mean : mean.rrrr);
      }
    }
    """

  let name: GLuint
  /// The places of its uniforms.
  let size, mode: GLint

  init() throws(EGLFailure) {
    let vertex = try Self.compile(GL_VERTEX_SHADER, Self.vertex)
    defer { glDeleteShader(vertex) }
    let fragment = try Self.compile(GL_FRAGMENT_SHADER, Self.fragment)
    defer { glDeleteShader(fragment) }
    name = glCreateProgram()
    glAttachShader(name, vertex)
    glAttachShader(name, fragment)
    glLinkProgram(name)
    var linked: GLint = 0
    unsafe glGetProgramiv(name, GLenum(GL_LINK_STATUS), &linked)
    guard linked == GL_TRUE else {
      glDeleteProgram(name)
      throw .failed("glLinkProgram", "see the driver's log")
    }
    size = unsafe glGetUniformLocation(name, "size")
    mode = unsafe glGetUniformLocation(name, "mode")
  }

  private static func compile(_ kind: Int32, _ source: String) throws(EGLFailure) -> GLuint {
    let shader = glCreateShader(GLenum(kind))
    let isES = glString(GL_VERSION).hasPrefix("OpenGL ES")
    let header = isES ? "#version 300 es\nprecision highp float;\n" : "#version 330 core\n"
    unsafe (header + source).withCString { text in
      var line: UnsafePointer<GLchar>? = unsafe text
      unsafe glShaderSource(shader, 1, &line, nil)
    }
    glCompileShader(shader)
    var compiled: GLint = 0
    unsafe glGetShaderiv(shader, GLenum(GL_COMPILE_STATUS), &compiled)
    guard compiled == GL_TRUE else {
      glDeleteShader(shader)
      throw .failed("glCompileShader", "see the driver's log")
    }
    return shader
  }
}

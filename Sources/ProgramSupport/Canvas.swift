internal import CEGL
package import TexAlloc
package import TexAllocEGL

/// An offscreen picture that textures are drawn into, with the origin at the top left: what the programs
/// and tests of this package draw with.
///
/// Everything is called on the thread where the context that made it is current.
package final class Canvas {
  /// A rectangle on the canvas, the part of the texture that it shows, and a premultiplied colour.
  package struct Quad {
    /// In pixels of the canvas.
    package var x, y, width, height: Float
    /// In texels, and so for the size.
    package var u, v, texelWidth, texelHeight: Float
    /// How the texels are to be shown.
    package var orientation = Orientation.upright
    /// Red, green, blue, alpha; 1 for an image as it is.
    package var tint: SIMD4<Float>

    package init(
      x: Float, y: Float, width: Float, height: Float,
      u: Float = 0, v: Float = 0, texelWidth: Float = 0, texelHeight: Float = 0,
      tint: SIMD4<Float> = .one
    ) {
      (self.x, self.y, self.width, self.height) = (x, y, width, height)
      (self.u, self.v, self.texelWidth, self.texelHeight) = (u, v, texelWidth, texelHeight)
      self.tint = tint
    }

    /// A whole image, a texel a pixel, at the top left.
    package init(whole image: ImageLayout, _ orientation: Orientation = .upright) {
      let stored = ImageSize(width: image.width, height: image.height)
      let shown = orientation.upright(stored)
      self.init(
        x: 0, y: 0, width: Float(shown.width), height: Float(shown.height),
        texelWidth: Float(stored.width), texelHeight: Float(stored.height))
      self.orientation = orientation
    }
  }

  /// What a quad takes from a texture.
  package struct Source {
    fileprivate enum Mode: GLint { case tint, texels, image, coverage }

    fileprivate let mode: Mode
    fileprivate let shader: TextureShader
    fileprivate let planes: [(name: UInt32, target: UInt32)]
    fileprivate let extent: ImageSize

    private init(_ mode: Mode, of texture: Texture) {
      self.mode = mode
      shader = TextureShader(for: texture)
      planes = texture.planes.map { ($0.name, $0.target) }
      extent = texture.buffer.layout.imageSize
    }

    private init(_ mode: Mode, named name: UInt32? = nil, _ extent: ImageSize) {
      self.mode = mode
      shader = .image
      planes = name.map { [($0, UInt32(GL_TEXTURE_2D))] } ?? []
      self.extent = extent
    }

    /// Nothing: it is filled with its tint.
    package static var none: Source { Source(.tint, ImageSize(width: 1, height: 1)) }
    /// Its texels as they are, without filter or tint; chroma is interpolated.
    package static func texels(_ texture: Texture) -> Source { Source(.texels, of: texture) }
    /// Those of a `GL_TEXTURE_2D` of a name.
    package static func texels(named name: UInt32, _ extent: ImageSize) -> Source {
      Source(.texels, named: name, extent)
    }
    /// Its colours, filtered, times the tint.
    package static func image(_ texture: Texture) -> Source { Source(.image, of: texture) }
    /// Its red, filtered, as coverage of the tint: glyphs.
    package static func coverage(_ texture: Texture) -> Source { Source(.coverage, of: texture) }
  }

  /// Pixels.
  package let width, height: Int
  private var programs: [TextureShader: CanvasProgram]
  /// Whether the framebuffer is the canvas's own.
  private let ownsFramebuffer: Bool
  private var framebuffer: GLuint = 0
  private var renderbuffer: GLuint = 0
  private var vertexBuffer: GLuint = 0
  private var vertexArray: GLuint = 0

  /// - Parameter framebuffer: Whose pixels are the canvas's, and which outlives it; one of its own where
  ///   nil.
  package init(
    width: Int, height: Int, framebuffer: UInt32? = nil
  ) throws(EGLFailure) {
    self.width = width
    self.height = height
    programs = [.image: try CanvasProgram(sampling: .image)]
    ownsFramebuffer = framebuffer == nil
    drainGLErrors()
    if let framebuffer {
      self.framebuffer = framebuffer
      glBindFramebuffer(GLenum(GL_FRAMEBUFFER), framebuffer)
    } else {
      makeFramebuffer()
    }
    makeVertices()
    guard glCheckFramebufferStatus(GLenum(GL_FRAMEBUFFER)) == GLenum(GL_FRAMEBUFFER_COMPLETE)
    else { throw .failed("glCheckFramebufferStatus", "incomplete at \(width)x\(height)") }
    try checkGL("glRenderbufferStorage")
  }

  private func makeFramebuffer() {
    unsafe glGenRenderbuffers(1, &renderbuffer)
    glBindRenderbuffer(GLenum(GL_RENDERBUFFER), renderbuffer)
    glRenderbufferStorage(
      GLenum(GL_RENDERBUFFER), GLenum(GL_RGBA8), GLsizei(width), GLsizei(height))
    unsafe glGenFramebuffers(1, &framebuffer)
    glBindFramebuffer(GLenum(GL_FRAMEBUFFER), framebuffer)
    glFramebufferRenderbuffer(
      GLenum(GL_FRAMEBUFFER), GLenum(GL_COLOR_ATTACHMENT0), GLenum(GL_RENDERBUFFER), renderbuffer)
  }

  private func makeVertices() {
    unsafe glGenVertexArrays(1, &vertexArray)
    unsafe glGenBuffers(1, &vertexBuffer)
    glBindVertexArray(vertexArray)
    glBindBuffer(GLenum(GL_ARRAY_BUFFER), vertexBuffer)
    for (index, (count, start)) in [(2, 0), (2, 2), (4, 4)].enumerated() {
      glEnableVertexAttribArray(GLuint(index))
      unsafe glVertexAttribPointer(
        GLuint(index), GLint(count), GLenum(GL_FLOAT), GLboolean(GL_FALSE),
        GLsizei(Self.floatsPerVertex * MemoryLayout<Float>.size),
        UnsafeRawPointer(bitPattern: start * MemoryLayout<Float>.size))
    }
  }

  deinit {
    if ownsFramebuffer { unsafe glDeleteFramebuffers(1, &framebuffer) }
    unsafe glDeleteRenderbuffers(1, &renderbuffer)
    unsafe glDeleteBuffers(1, &vertexBuffer)
    unsafe glDeleteVertexArrays(1, &vertexArray)
    for program in programs.values { glDeleteProgram(program.shaders.name) }
  }

  /// Draws into another framebuffer of the same size from now on, which is not the canvas's own either.
  package func move(to framebuffer: UInt32) {
    precondition(!ownsFramebuffer)
    self.framebuffer = framebuffer
  }

  /// Fills the whole of it.
  package func clear(_ colour: SIMD4<Float>) {
    glBindFramebuffer(GLenum(GL_FRAMEBUFFER), framebuffer)
    glClearColor(colour.x, colour.y, colour.z, colour.w)
    glClear(GLbitfield(GL_COLOR_BUFFER_BIT))
  }

  /// Draws quads of one source with one call.
  ///
  /// - Throws: `EGLFailure` where the driver does not compile what draws such a texture.
  package func draw(_ quads: [Quad], from source: Source) throws(EGLFailure) {
    guard !quads.isEmpty else { return }
    let program = try program(sampling: source.shader)
    glBindFramebuffer(GLenum(GL_FRAMEBUFFER), framebuffer)
    glViewport(0, 0, GLsizei(width), GLsizei(height))
    glEnable(GLenum(GL_BLEND))
    glBlendFunc(GLenum(GL_ONE), GLenum(GL_ONE_MINUS_SRC_ALPHA))
    glUseProgram(program.shaders.name)
    glUniform2f(program.size, GLfloat(width), GLfloat(height))
    glUniform1i(program.mode, source.mode.rawValue)
    glUniform2f(program.extent, GLfloat(source.extent.width), GLfloat(source.extent.height))
    for (unit, plane) in source.planes.enumerated().reversed() {
      glActiveTexture(GLenum(GL_TEXTURE0) + GLenum(unit))
      glBindTexture(plane.target, plane.name)
    }
    glBindVertexArray(vertexArray)
    glBindBuffer(GLenum(GL_ARRAY_BUFFER), vertexBuffer)
    var vertices: [Float] = []
    vertices.reserveCapacity(quads.count * 6 * Self.floatsPerVertex)
    for quad in quads { Self.append(quad, to: &vertices) }
    unsafe vertices.withUnsafeBytes {
      unsafe glBufferData(
        GLenum(GL_ARRAY_BUFFER), $0.count, $0.baseAddress, GLenum(GL_STREAM_DRAW))
    }
    glDrawArrays(GLenum(GL_TRIANGLES), 0, GLsizei(vertices.count / Self.floatsPerVertex))
  }

  private func program(sampling shader: TextureShader) throws(EGLFailure) -> CanvasProgram {
    if let known = programs[shader] { return known }
    let program = try CanvasProgram(sampling: shader)
    programs[shader] = program
    return program
  }

  /// Waits for the GPU.
  package func finish() { glFinish() }

  /// Waits for the GPU and gives the picture: `R`, `G`, `B`, `A` bytes, rows from the top, unpadded.
  package func readPixels() throws(EGLFailure) -> [UInt8] {
    glBindFramebuffer(GLenum(GL_FRAMEBUFFER), framebuffer)
    glPixelStorei(GLenum(GL_PACK_ALIGNMENT), 1)
    var pixels = [UInt8](repeating: 0, count: width * height * 4)
    unsafe pixels.withUnsafeMutableBytes {
      unsafe glReadPixels(
        0, 0, GLsizei(width), GLsizei(height), GLenum(GL_RGBA), GLenum(GL_UNSIGNED_BYTE),
        $0.baseAddress)
    }
    try checkGL("glReadPixels")
    return pixels
  }

  /// Position, texel and tint.
  private static let floatsPerVertex = 8

  /// Two triangles. Row 0 of the framebuffer is the top of the picture: it is never shown, only read.
  private static func append(_ quad: Quad, to vertices: inout [Float]) {
    func corner(_ right: Float, _ down: Float) {
      vertices.append(quad.x + right * quad.width)
      vertices.append(quad.y + down * quad.height)
      let stored = quad.orientation.stored(x: right, y: down)
      vertices.append(quad.u + stored.x * quad.texelWidth)
      vertices.append(quad.v + stored.y * quad.texelHeight)
      for channel in quad.tint.indices { vertices.append(quad.tint[channel]) }
    }
    for (right, down) in [(0, 0), (1, 0), (0, 1), (0, 1), (1, 0), (1, 1)] as [(Float, Float)] {
      corner(right, down)
    }
  }
}

/// The program that a canvas draws with: rectangles in pixels, sampled, coloured, or both.
private struct CanvasProgram {
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
    uniform int mode;
    uniform vec2 extent;  // of the texture
    in vec2 place;
    in vec4 colour;
    out vec4 pixel;
    void main() {
      if (mode == 0) pixel = colour;
      else if (mode == 1) pixel = textureTexel(ivec2(place), ivec2(extent));
      else {
        // A pixel shows all texels below it: one filtered sample for every two, each way.
        vec2 below = vec2(abs(dFdx(place.x)), abs(dFdy(place.y)));
        ivec2 count = clamp(ivec2(ceil(below / 2.0 - 0.01)), 1, 32);
        vec4 sum = vec4(0.0);
        for (int y = 0; y < count.y; y++)
          for (int x = 0; x < count.x; x++) {
            vec2 share = (vec2(x, y) + 0.5) / vec2(count) - 0.5;
            sum += textureColour((place + share * below) / extent);
          }
        vec4 mean = sum / float(count.x * count.y);
        pixel = colour * (mode == 2 ? mean : mean.rrrr);
      }
    }
    """

  let shaders: ShaderProgram
  /// The places of its uniforms.
  let size, mode, extent: GLint

  init(sampling shader: TextureShader) throws(EGLFailure) {
    shaders = try ShaderProgram(
      vertex: Self.vertex, fragment: Self.fragment, sampling: shader)
    size = shaders.place(of: "size")
    mode = shaders.place(of: "mode")
    extent = shaders.place(of: "extent")
    glUseProgram(shaders.name)
    for (unit, sampler) in shader.samplers.enumerated() {
      glUniform1i(shaders.place(of: sampler), GLint(unit))
    }
  }
}

internal import TexAlloc

/// GLSL that gives the colours of a texture, however many planes it has: red, green and blue as they are,
/// luma and chroma by the matrix, range and siting of ``Texture/colour``. For OpenGL ES 3.0 and
/// OpenGL 3.3 alike.
///
/// ```swift
/// let shader = TextureShader(for: texture)  // equal ones share a program
/// let fragment = version + shader.source + """
///   in vec2 place;
///   out vec4 pixel;
///   void main() { pixel = textureColour(place); }
///   """
/// // After linking, once: plane 0 from unit 0, plane 1 from unit 1…
/// for (unit, name) in shader.samplers.enumerated() {
///   glUniform1i(glGetUniformLocation(program, name), GLint(unit))
/// }
/// // Before drawing:
/// for (unit, plane) in texture.planes.enumerated() {
///   glActiveTexture(GLenum(GL_TEXTURE0) + GLenum(unit))
///   glBindTexture(plane.target, plane.name)
/// }
/// ```
///
/// Chroma is interpolated linearly between its samples, in floating point: the filters of some devices
/// round it to eight bits, which the strongest colours show. Where it is made smaller, the textures filter
/// it. The transfer of the numbers stays as it is.
public struct TextureShader: Hashable, Sendable {
  private enum Planes: Hashable, Sendable {
    case image, external
    case apart([PlaneShape], Colour)
  }

  private let planes: Planes

  init(_ form: TextureForm, of layout: ImageLayout) {
    switch form {
    case .image: planes = .image
    case .external: planes = .external
    case .planes: planes = .apart(layout.shapes, layout.colour)
    }
  }

  private init(_ planes: Planes) { self.planes = planes }

  /// For any `GL_TEXTURE_2D` of red, green and blue.
  public static let image = TextureShader(.image)

  /// The names of the uniform samplers, one for each plane.
  public var samplers: [String] {
    guard case .apart(let shapes, _) = planes else { return ["texturePlane0"] }
    return shapes.indices.map { "texturePlane\($0)" }
  }

  /// What goes into a fragment shader between its line of `#version` and its own declarations: the
  /// samplers, the extension and precision that OpenGL ES needs, and two functions.
  ///
  /// - `vec4 textureColour(vec2 place)`: the colour at a place, 0 to 1 from edge to edge of the image, with
  ///   luma, or red, green and blue, filtered as the texture was told.
  /// - `vec4 textureTexel(ivec2 pixel, ivec2 extent)`: of one pixel of an image of so many, unfiltered.
  public var source: String {
    switch planes {
    case .image:
      Self.header + Self.samplers(1)
        + """
        vec4 textureColour(highp vec2 place) { return texture(texturePlane0, place); }
        vec4 textureTexel(highp ivec2 pixel, highp ivec2 extent) {
          return texelFetch(texturePlane0, pixel, 0);
        }

        """
    case .external:
      // Some drivers fetch black from what they convert, so a pixel is sampled in its middle.
      "#extension GL_OES_EGL_image_external_essl3 : require\n" + Self.header
        + Self.samplers(1, as: "samplerExternalOES")
          + """
          vec4 textureColour(highp vec2 place) { return texture(texturePlane0, place); }
          vec4 textureTexel(highp ivec2 pixel, highp ivec2 extent) {
            return textureColour((vec2(pixel) + 0.5) / vec2(extent));
          }

          """
    case .apart(let shapes, let colour):
      Self.header + Self.samplers(shapes.count) + Self.conversion(of: shapes, colour)
    }
  }

  private static let header = """
    #ifdef GL_ES
    precision highp float;
    #endif

    """

  private static func samplers(_ count: Int, as type: String = "sampler2D") -> String {
    (0..<count).map { "uniform highp \(type) texturePlane\($0);\n" }.joined()
  }
}

extension TextureShader {
  /// The functions that put the planes together.
  private static func conversion(of shapes: [PlaneShape], _ colour: Colour) -> String {
    let numbers = [PlaneShape.Channel.Meaning.luma, .blueChroma, .redChroma].map { meaning in
      for (plane, shape) in shapes.enumerated() {
        let meanings = shape.channels.map(\.meaning).filter { $0 != .unused }
        guard let place = meanings.firstIndex(of: meaning) else { continue }
        return meaning == .luma ? "luma" : "chroma\(plane).\(Array("rgba")[place])"
      }
      return "0.5"
    }
    let conversion = ColourConversion(colour, sampledFrom: shapes)
    let luma = "texturePlane\(shapes.firstIndex(where: \.isLuma) ?? 0)"
    return """
      vec4 textureLinear(
        highp sampler2D plane, highp vec2 place, highp vec2 right, highp vec2 down
      ) {
        if (max(dot(right, right), dot(down, down)) > 2.0) {
          highp vec2 size = vec2(textureSize(plane, 0));
          return textureGrad(plane, place / size, right / size, down / size);
        }
        highp vec2 first = floor(place - 0.5);
        highp vec2 part = place - 0.5 - first;
        highp ivec2 last = textureSize(plane, 0) - 1;
        highp ivec2 a = clamp(ivec2(first), ivec2(0), last);
        highp ivec2 b = clamp(ivec2(first) + 1, ivec2(0), last);
        return mix(
          mix(texelFetch(plane, a, 0), texelFetch(plane, ivec2(b.x, a.y), 0), part.x),
          mix(texelFetch(plane, ivec2(a.x, b.y), 0), texelFetch(plane, b, 0), part.x), part.y);
      }
      vec4 textureConverted(
        highp float luma, highp vec2 place, highp vec2 right, highp vec2 down
      ) {
      \(shapes.enumerated().filter { !$1.isLuma }.map { sample($0, $1, colour) }.joined())
        highp vec4 numbers = vec4(\(numbers.joined(separator: ", ")), 1.0);
        return clamp(vec4(
          dot(numbers, \(conversion.red.glsl)),
          dot(numbers, \(conversion.green.glsl)),
          dot(numbers, \(conversion.blue.glsl)), 1.0), 0.0, 1.0);
      }
      vec4 textureColour(highp vec2 place) {
        highp vec2 extent = vec2(textureSize(\(luma), 0));
        highp vec2 texel = place * extent;
        return textureConverted(texture(\(luma), place).r, texel, dFdx(texel), dFdy(texel));
      }
      vec4 textureTexel(highp ivec2 pixel, highp ivec2 extent) {
        return textureConverted(
          texelFetch(\(luma), pixel, 0).r, vec2(pixel) + 0.5, vec2(0.0), vec2(0.0));
      }

      """
  }

  /// Samples a plane where its numbers belong to a place in the image, both counted in texels. A sample in
  /// the middle of the pixels that share it lies where the plane's own texels do; at the first of them,
  /// half a pixel of the image from there for every further one.
  private static func sample(_ index: Int, _ shape: PlaneShape, _ colour: Colour) -> String {
    let (across, down) = (shape.horizontalSubsampling, shape.verticalSubsampling)
    func shift(_ siting: Colour.Siting, _ shared: Int) -> Double {
      siting == .cosited ? Double(shared - 1) / 2 : 0
    }
    let shift =
      "vec2(\(shift(colour.horizontalSiting, across)), \(shift(colour.verticalSiting, down)))"
    let shared = "vec2(\(Double(across)), \(Double(down)))"
    return """
        highp vec4 chroma\(index) = textureLinear(
          texturePlane\(index), (place + \(shift)) / \(shared), right / \(shared), down / \(shared));

      """
  }
}

extension ColourConversion {
  /// Of numbers as textures of the planes give them.
  fileprivate init(_ colour: Colour, sampledFrom shapes: [PlaneShape]) {
    let luma = shapes.first(where: \.isLuma)?.channels ?? []
    let bits = luma.first { $0.meaning == .luma }?.bits ?? 8
    // What lies below the number is zero, and part of what the texture takes for one.
    let below = luma.prefix { $0.meaning == .unused }.reduce(0) { $0 + $1.bits }
    let held = Double((1 << bits - 1) << below)
    self.init(colour, bits: bits, scale: Double(1 << (bits + below) - 1) / held)
  }
}

extension SIMD4<Double> {
  fileprivate var glsl: String { "vec4(\(x), \(y), \(z), \(w))" }
}

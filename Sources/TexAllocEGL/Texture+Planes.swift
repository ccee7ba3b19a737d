public import TexAlloc

extension Texture {
  /// A texture of OpenGL that shows one plane of an image, or all of it.
  public struct Plane: Hashable, Sendable {
    /// In the device's context.
    public let name: UInt32
    /// `GL_TEXTURE_2D` or `GL_TEXTURE_EXTERNAL_OES`.
    public let target: UInt32
    /// Texels: of chroma fewer than the image has pixels, rounded up.
    public let size: ImageSize
    /// What a shader finds in it: `R8` and `GR88` in the two planes of NV12; the image's own where the
    /// texture shows the whole image.
    public let format: Format
  }

  /// The textures of OpenGL that show the image, in the order of `drm_fourcc.h`: one where it has red,
  /// green and blue, or where an external texture converts luma and chroma; else one for each plane, which
  /// a shader puts together. ``TextureShader`` is such a shader for each of them.
  public var planes: [Plane] {
    let layout = buffer.layout
    return objects.parts.enumerated().map { index, part in
      Plane(
        name: part.name, target: objects.form.target,
        size: layout.size(of: index, as: objects.form),
        format: objects.form == .planes
          ? layout.shapes[index].alone.map { Format($0) } ?? layout.format : layout.format)
    }
  }

  /// The name of the texture in the device's context; of several planes that of the first.
  public var name: UInt32 { objects.name }
  /// What it is bound to: `GL_TEXTURE_2D`, or `GL_TEXTURE_EXTERNAL_OES` for images that the device samples
  /// only so, which has no mipmaps and wants a sampler of its own in the shader.
  public var target: UInt32 { objects.form.target }
  /// What the numbers of the planes mean: matrix, range and siting for a shader that converts them. An
  /// external texture has been told, and converts them itself.
  public var colour: Colour { buffer.layout.colour }
}

extension TextureShader {
  public init(for texture: Texture) {
    self.init(texture.objects.form, of: texture.buffer.layout)
  }
}

internal import CEGL
internal import TexAlloc

/// By how many textures of OpenGL an image is shown, and of which kind.
enum TextureForm: Hashable, Sendable {
  /// One `GL_TEXTURE_2D`.
  case image
  /// One `GL_TEXTURE_EXTERNAL_OES`.
  case external
  /// A `GL_TEXTURE_2D` for each plane.
  case planes

  var target: GLenum {
    GLenum(self == .external ? GL_TEXTURE_EXTERNAL_OES : GL_TEXTURE_2D)
  }
}

extension ImageLayout {
  /// Texels of one of the textures that show the image.
  func size(of part: Int, as form: TextureForm) -> ImageSize {
    form == .planes ? texels(ofPlane: part) : imageSize
  }

  /// The rows of a plane that rows of the image lie in.
  func rows(ofPlane index: Int, for rows: Range<Int>) -> Range<Int> {
    let down = shapes[index].verticalSubsampling
    return rows.lowerBound / down..<shapes[index].rows(down: rows.upperBound)
  }

  /// Whether it holds luma and chroma.
  var isLuma: Bool { shapes.contains(where: \.isLuma) }
}

extension ImageLayout {
  /// What a shader sees of the texels of each texture that shows the image; nil where they do not stand
  /// for themselves.
  func channels(as form: TextureForm) -> [PixelChannels]? {
    guard form == .planes ? shapes.areSampledApart : shapes.count == 1 && shapes[0].isRGB else {
      return nil
    }
    let channels = shapes.compactMap { shape in
      shape.texels.flatMap { PixelChannels(shape: $0, sampling: sampling) }
    }
    return channels.count == shapes.count ? channels : nil
  }
}

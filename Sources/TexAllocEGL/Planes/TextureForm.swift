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
    guard form == .planes else { return imageSize }
    return ImageSize(
      width: width.dividedRoundingUp(by: shapes[part].horizontalSubsampling),
      height: rowCount(ofPlane: part))
  }

  /// The rows of a plane that rows of the image lie in.
  func rows(ofPlane index: Int, for rows: Range<Int>) -> Range<Int> {
    let down = shapes[index].verticalSubsampling
    return rows.lowerBound / down..<shapes[index].rows(down: rows.upperBound)
  }

  /// Whether it holds luma and chroma.
  var isLuma: Bool { shapes.contains(where: \.isLuma) }
}

extension PlaneShape {
  var isLuma: Bool { channels.contains { $0.meaning == .luma } }

  /// What a texture of this plane alone holds: the plane as it is, or red, or red and green in the place
  /// of luma and chroma. nil where there is no such texture.
  var texels: PlaneShape? {
    if isRGB && isPixels { return self }
    return alone.flatMap { FormatTable.known[$0]?.first }
  }
}

extension [PlaneShape] {
  /// Whether a shader can put the image together of a texture for each plane.
  var areSampledApart: Bool {
    count > 1 && contains(where: \.isLuma) && allSatisfy { $0.alone != nil }
  }
}

/// How large a font is made: pixels of its em square, in steps of 1/64 as FreeType counts.
package struct GlyphSize: Hashable, Sendable {
  package let sixtyFourths: Int

  package var pixels: Double { Double(sixtyFourths) / 64 }
}

extension FontFace {
  /// The step nearest to a size in pixels.
  ///
  /// - Throws: `FontError.unsupportedSize` for what is no number from 1 to 16,384.
  package func size(pixels: Double) throws(FontError) -> GlyphSize {
    guard pixels >= 1, pixels <= 16_384 else {
      throw .unsupportedSize(font: name, pixelSize: pixels)
    }
    return GlyphSize(sixtyFourths: Int((pixels * 64).rounded()))
  }
}

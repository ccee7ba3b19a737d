/// How large a font is made: pixels of its em square, in steps of 1/64 as FreeType counts.
package struct GlyphSize: Hashable, Sendable {
  package let sixtyFourths: Int

  /// The nearest step.
  /// - Throws: `FontError.unsupportedSize` for what is no number from 1 to 16,384.
  package init(pixels: Double, of font: String) throws(FontError) {
    guard pixels >= 1, pixels <= 16_384 else {
      throw .unsupportedSize(font: font, pixelSize: pixels)
    }
    sixtyFourths = Int((pixels * 64).rounded())
  }

  package var pixels: Double { Double(sixtyFourths) / 64 }
}

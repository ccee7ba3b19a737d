internal import TexAllocText

/// A glyph of a line, which stand in the order in which they are drawn from left to right. Pixels;
/// y grows upward.
struct ShapedGlyph {
  let face: FontFace
  /// Its number in the face.
  let index: UInt32
  /// From the pen to where the glyph is drawn.
  let xOffset, yOffset: Double
  /// From the pen to the pen of the next glyph.
  let advance: Double
  /// The first of the Unicode scalars that it stands for.
  let cluster: Int
}

internal import TexAllocText

/// A glyph at its place: the pen is at (x, baseline), pixels, y downward.
struct PlacedGlyph {
  let face: FontFace
  let index: UInt32
  let pixelSize: Double
  let x, baseline: Double
}

public import TexAllocAtlas

/// A glyph on a page, and how it stands to the pen that draws it.
///
/// With the pen at (x, baseline), y downward, its quad covers the pixels from
/// (x + `left`, baseline - `top`) on, as many as the cell has.
///
/// It is good for the frame that it was asked for in. Whoever keeps it longer asks
/// ``GlyphCache/use(_:)`` in each frame that it is drawn in.
public struct CachedGlyph: Hashable, Sendable {
  // As small as can be: a cache of 50,000 lies in what the processor has at hand.
  private let x, y, width, height: UInt16
  /// -1 for a glyph without ink.
  let pageNumber: Int16
  private let leftPixels, topPixels: Int16
  private let advancePixels: Float
  let entry: UInt32
  /// Never that of another glyph that was or will be in its place.
  let generation: UInt32

  init(_ shape: GlyphShape, _ cell: AtlasCell?, entry: UInt32, generation: UInt32) {
    // A side of a page, and what FreeType draws, is below 32,768.
    let place = cell?.rectangle ?? TexelRectangle(x: 0, y: 0, width: 0, height: 0)
    (x, y) = (UInt16(place.x), UInt16(place.y))
    (width, height) = (UInt16(place.width), UInt16(place.height))
    pageNumber = cell.map { Int16($0.page) } ?? -1
    (leftPixels, topPixels) = (Int16(clamping: shape.left), Int16(clamping: shape.top))
    advancePixels = Float(shape.advance)
    self.entry = entry
    self.generation = generation
  }

  /// Where its coverage is; nil for a glyph that leaves no ink, as a space.
  public var cell: AtlasCell? {
    guard pageNumber >= 0 else { return nil }
    return AtlasCell(
      page: Int(pageNumber),
      rectangle: TexelRectangle(x: Int(x), y: Int(y), width: Int(width), height: Int(height)))
  }

  /// Pixels from the pen to the left edge of the cell.
  public var left: Int { Int(leftPixels) }
  /// Pixels from the baseline up to the upper edge of the cell.
  public var top: Int { Int(topPixels) }
  /// Pixels from the pen to where the next glyph begins, as the font says without any shaping.
  public var advance: Double { Double(advancePixels) }

  /// What ``GlyphCache/use(id:)`` knows it by, for who cannot keep the glyph itself, as C.
  package var id: UInt64 { UInt64(generation) << 32 | UInt64(entry) }

  /// The first row of its page that it takes, with a border, and the one behind the last.
  func rowEnds(border: Int) -> (first: Int, end: Int) {
    (Int(y) - border, Int(y) + Int(height) + border)
  }

  /// By page, and by bands of a page from left to right.
  var placeInOrder: UInt64 {
    UInt64(UInt16(bitPattern: pageNumber)) << 32 | UInt64(y / 32) << 16 | UInt64(x)
  }
}

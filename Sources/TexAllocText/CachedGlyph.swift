public import TexAllocAtlas

/// A glyph on a page, and how it stands to the pen that draws it.
///
/// With the pen at (x, baseline), y downward, its quad covers the pixels from
/// (x + `left`, baseline - `top`) on, as many as the cell has.
public struct CachedGlyph: Hashable, Sendable {
  /// Where its coverage is; nil for a glyph that leaves no ink, as a space.
  public let cell: AtlasCell?
  /// Pixels from the pen to the left edge of the cell.
  public let left: Int
  /// Pixels from the baseline up to the upper edge of the cell.
  public let top: Int
  /// Pixels from the pen to where the next glyph begins, as the font says without any shaping.
  public let advance: Double
}

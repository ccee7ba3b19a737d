internal import CFreeType
public import TexAlloc

/// FreeType as a component: what it can live with in the pages that ``GlyphCache`` writes.
public struct GlyphRasterizer: Component {
  public let attributes: BufferAttributes

  public init() {
    var attributes = BufferAttributes.rowWriter("freetype", of: [.r8])
    attributes.maxWidth = Self.maximumSide
    attributes.maxHeight = Self.maximumSide
    self.attributes = attributes
  }

  /// FreeType renders bitmaps of at most this many pixels a side: `ft_glyphslot_preset_bitmap`.
  private static let maximumSide = 0x7FFF
}

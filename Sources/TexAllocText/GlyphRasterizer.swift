internal import CFreeType
public import TexAlloc

/// FreeType as a component: what it can live with in the pages that ``GlyphCache`` writes.
public struct GlyphRasterizer: Component {
  public let attributes: BufferAttributes

  public init() {
    attributes = BufferAttributes(name: "freetype") {
      $0.formats = [Format(.r8)]
      $0.pitchAlignment = PlaneWriter.lineSize
      $0.offsetAlignment = PlaneWriter.lineSize
      $0.maxWidth = Self.maximumSide
      $0.maxHeight = Self.maximumSide
      $0.cpuUsage = [.sequentialWrite]
    }
  }

  /// FreeType renders bitmaps of at most this many pixels a side: `ft_glyphslot_preset_bitmap`.
  private static let maximumSide = 0x7FFF
}

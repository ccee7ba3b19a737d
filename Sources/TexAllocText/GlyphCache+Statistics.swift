public import TexAlloc
internal import TexAllocAtlas

/// What a ``GlyphCache`` did since the beginning.
public struct GlyphStatistics: Hashable, Sendable {
  /// Glyphs that were loaded and drawn, rather than found.
  public let rasterized: Int
  /// Glyphs that went to make room.
  public let evicted: Int
  /// Bytes of lines that were written to pages.
  public let bytesWritten: Int
}

extension GlyphCache {
  /// What was done since the beginning.
  public var statistics: GlyphStatistics {
    GlyphStatistics(
      rasterized: table.insertedCount, evicted: table.insertedCount - table.count,
      bytesWritten: bytesWritten)
  }

  /// The glyphs that lie on a page, for a picture of it.
  public func glyphs(onPage number: Int) -> [CachedGlyph] {
    table.entries.indices.lazy.map { self.table.entries[$0] }
      .filter { $0.lastUse > 0 && $0.glyph.cell?.page == number }.map(\.glyph)
  }

  /// How many entries its table has room for, used or not.
  var storedEntries: Int { table.entries.count }

  /// How many fonts it looks through.
  var storedFonts: Int { fonts.count }
}

extension GlyphCache {
  /// What the cache asks of its pages' memory, for the pool that they come from.
  public static let component: any Component = FreeTypeAttributes()
}

/// FreeType as a component: what it can live with in the pages that a ``GlyphCache`` writes.
struct FreeTypeAttributes: Component {
  let attributes: BufferAttributes

  init() {
    var attributes = BufferAttributes.rowWriter("freetype", of: [.r8])
    attributes.maxWidth = Self.maximumSide
    attributes.maxHeight = Self.maximumSide
    self.attributes = attributes
  }

  /// FreeType renders bitmaps of at most this many pixels a side: `ft_glyphslot_preset_bitmap`.
  static let maximumSide = 0x7FFF
}

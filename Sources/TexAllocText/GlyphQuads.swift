public import TexAllocAtlas

/// A rectangle of a picture that shows a glyph, a texel a pixel.
public struct GlyphQuad: Hashable, Sendable {
  /// Which page it samples: `AtlasPage.number`.
  public let page: Int
  /// Pixels of the picture, y downward: its upper left corner. It is as large as `texels`.
  public let x, y: Int
  /// The texels that it shows.
  public let texels: TexelRectangle

  /// nil for a glyph that leaves no ink.
  public init?(_ glyph: CachedGlyph, at pen: PenPosition) {
    guard let cell = glyph.cell else { return nil }
    page = cell.page
    x = pen.x + glyph.left
    y = pen.y - glyph.top
    texels = cell.rectangle
  }
}

/// What a frame draws of its text: a quad for each glyph that has ink and is ready.
public struct GlyphDrawList: Sendable {
  /// In the order in which glyphs were added.
  public private(set) var quads: [GlyphQuad] = []
  /// How many glyphs are missing because they are being drawn: where there are some, the next frames have
  /// more to show.
  public private(set) var notReady = 0

  public init() {}

  /// Begins anew with the memory that it has.
  public mutating func removeAll() {
    quads.removeAll(keepingCapacity: true)
    notReady = 0
  }

  /// Adds a glyph that stands where a layout put it.
  ///
  /// - Parameters:
  ///   - waits: Whether it is drawn now where it is new, rather than by the cache's workers.
  /// - Throws: As ``GlyphCache/glyph(_:of:at:)`` and ``GlyphCache/glyphIfReady(_:of:at:)``.
  public mutating func add(
    _ glyph: UInt32, of font: SizedFont, at pen: PenPosition, from cache: GlyphCache,
    waits: Bool = true
  ) throws(FontError) {
    let found =
      waits
      ? try cache.glyph(glyph, of: font, at: pen.quarters)
      : try cache.glyphIfReady(glyph, of: font, at: pen.quarters)
    guard let found else {
      notReady += 1
      return
    }
    if let quad = GlyphQuad(found, at: pen) { quads.append(quad) }
  }
}

extension GlyphCache {
  /// The quads of a short text in one face: a label. Letters stand one behind the other, from left to
  /// right, without kerning, joining or reordering; what needs those is shaped first, and goes into a
  /// ``GlyphDrawList``. A character that the face lacks shows the face's sign for that.
  ///
  /// - Parameters:
  ///   - x: Pixels to the pen of the first letter.
  ///   - y: Pixels down to the baseline.
  /// - Throws: As ``glyph(_:of:at:)``.
  public func quads(
    of text: String, in font: SizedFont, x: Double, y: Double
  ) throws(FontError) -> [GlyphQuad] {
    var quads: [GlyphQuad] = []
    var pen = x
    for character in text.unicodeScalars {
      let position = PenPosition(x: pen, y: y)
      let glyph = try glyph(
        font.face.glyph(for: character) ?? 0, of: font, at: position.quarters)
      if let quad = GlyphQuad(glyph, at: position) { quads.append(quad) }
      pen += glyph.advance
    }
    return quads
  }
}

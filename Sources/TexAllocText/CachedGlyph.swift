public import TexAllocAtlas

/// A glyph on a page, and how it stands to the pen that draws it.
///
/// With the pen at (x, baseline), y downward, its quad covers the pixels from
/// (x + `left`, baseline - `top`) on, as many as the cell has.
///
/// It is good for the frame that it was asked for in. Whoever keeps it longer asks
/// ``GlyphCache/use(_:)`` in each frame that it is drawn in.
public struct CachedGlyph: Hashable, Sendable {
  // As small as can be: a cache of 50,000 lies in what the processor has at hand. And whole words, which
  // are handed on in registers: parts that are stored one by one and loaded together wait for the memory.
  /// x, y, width and height of the cell, 16 bits each, the first the lowest.
  private let place: UInt64
  /// The page, -1 for a glyph without ink, then left and top.
  private let bearings: UInt64
  /// `entry`, then the advance.
  private let entryAndAdvance: UInt64
  /// Never that of another glyph that was or will be in its place.
  let generation: UInt32

  init(_ shape: GlyphShape, _ cell: AtlasCell?, entry: UInt32, generation: UInt32) {
    // A side of a page, and what FreeType draws, is below 32,768.
    func packed(_ parts: (Int, Int, Int, Int)) -> UInt64 {
      func bits(_ part: Int) -> UInt64 { UInt64(UInt16(truncatingIfNeeded: part)) }
      return bits(parts.0) | bits(parts.1) << 16 | bits(parts.2) << 32 | bits(parts.3) << 48
    }
    precondition(cell.map { $0.page <= Int16.max } ?? true, "more pages than a glyph can name")
    let place = cell?.rectangle ?? TexelRectangle(x: 0, y: 0, width: 0, height: 0)
    self.place = packed((place.x, place.y, place.width, place.height))
    bearings = packed(
      (cell?.page ?? -1, Int(Int16(clamping: shape.left)), Int(Int16(clamping: shape.top)), 0))
    entryAndAdvance = UInt64(entry) | UInt64(Float(shape.advance).bitPattern) << 32
    self.generation = generation
  }

  /// Where its coverage is; nil for a glyph that leaves no ink, as a space.
  public var cell: AtlasCell? {
    guard pageNumber >= 0 else { return nil }
    return AtlasCell(
      page: pageNumber,
      rectangle: TexelRectangle(
        x: part(of: place, 0), y: part(of: place, 1), width: part(of: place, 2),
        height: part(of: place, 3)))
  }

  /// Pixels from the pen to the left edge of the cell.
  public var left: Int { signedPart(of: bearings, 1) }
  /// Pixels from the baseline up to the upper edge of the cell.
  public var top: Int { signedPart(of: bearings, 2) }
  /// Pixels from the pen to where the next glyph begins, as the font says without any shaping.
  public var advance: Double {
    Double(Float(bitPattern: UInt32(truncatingIfNeeded: entryAndAdvance >> 32)))
  }

  /// -1 for a glyph without ink.
  var pageNumber: Int { signedPart(of: bearings, 0) }
  /// Its place in the table.
  var entry: UInt32 { UInt32(truncatingIfNeeded: entryAndAdvance) }

  private func part(of word: UInt64, _ index: UInt64) -> Int {
    Int(UInt16(truncatingIfNeeded: word >> (index * 16)))
  }

  private func signedPart(of word: UInt64, _ index: UInt64) -> Int {
    Int(Int16(truncatingIfNeeded: word >> (index * 16)))
  }

  /// What ``GlyphCache/use(id:)`` knows it by, for who cannot keep the glyph itself, as C.
  package var id: UInt64 { UInt64(generation) << 32 | UInt64(entry) }

  /// The first row of its page that it takes, with a border, and the one behind the last.
  func rowEnds(border: Int) -> (first: Int, end: Int) {
    let y = part(of: place, 1)
    return (y - border, y + part(of: place, 3) + border)
  }
}

/// The glyphs that are kept of one face at one size, by their numbers: found without hashing.
///
/// It grows by blocks of 64 numbers, so that a large font of which little is used takes little.
struct GlyphTable {
  let face: FontFace.ID
  let size: GlyphSize
  /// For each block, where it begins in `places`; -1 for one of which nothing is kept.
  private var blocks: [Int32]
  /// For each number of a block, where its glyph is in `glyphs`; -1 for one that is not kept.
  private var places: [Int32] = []
  private var glyphs: [CachedGlyph] = []

  private static let blockBits: UInt32 = 6
  private static let blockSize = 1 << blockBits

  init(of face: FontFace, _ size: GlyphSize) {
    self.face = face.id
    self.size = size
    blocks = Array(repeating: -1, count: (face.glyphCount + Self.blockSize - 1) / Self.blockSize)
  }

  /// How many glyphs it keeps.
  var count: Int { glyphs.count }

  /// - Parameter number: Of the glyph in the face; nothing is kept under one that the face lacks.
  subscript(number: UInt32) -> CachedGlyph? {
    let block = Int(number >> Self.blockBits)
    guard block < blocks.count, blocks[block] >= 0 else { return nil }
    let place = places[Int(blocks[block]) + Int(number) % Self.blockSize]
    return place < 0 ? nil : glyphs[Int(place)]
  }

  /// Keeps a glyph that the face has, under a number under which nothing is kept.
  mutating func keep(_ glyph: CachedGlyph, as number: UInt32) {
    let block = Int(number >> Self.blockBits)
    if blocks[block] < 0 {
      blocks[block] = Int32(places.count)
      places += repeatElement(-1, count: Self.blockSize)
    }
    places[Int(blocks[block]) + Int(number) % Self.blockSize] = Int32(glyphs.count)
    glyphs.append(glyph)
  }
}

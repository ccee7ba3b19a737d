public import TexAlloc
public import TexAllocAtlas

/// Draws each glyph once, and keeps it on a page that the GPU samples: 8 bits of coverage a pixel.
///
/// ```swift
/// let glyph = try cache.glyph(index, of: face, pixelSize: 16)   // for all glyphs of a frame
/// cache.flush()                                                  // then draw cache.atlas.pages
/// ```
///
/// On one thread with its faces. It grows by pages; nothing leaves it yet.
public final class GlyphCache {
  private struct Key: Hashable {
    let face: FontFace.ID
    let size: GlyphSize
  }

  /// The pages, and where their changes are flushed.
  public let atlas: Atlas
  public let hinting: Hinting
  /// How many glyphs were loaded and drawn, rather than found.
  public private(set) var rasterizedCount = 0
  private var tables: [GlyphTable] = []
  private var tableNumbers: [Key: Int] = [:]
  /// The table that was asked last: text seldom changes its font.
  private var lastTable = 0

  /// Takes no memory before the first glyph.
  ///
  /// - Parameter pageSize: Pixels of a page; no glyph is larger.
  public init(
    in pool: TexturePool, pageSize: ImageSize = ImageSize(width: 1024, height: 1024),
    hinting: Hinting = .light
  ) {
    let page = ImageDescriptor(
      width: pageSize.width, height: pageSize.height, writtenBy: Self.component.attributes)
    atlas = Atlas(in: pool, page: page, named: "glyphs")
    self.hinting = hinting
  }

  /// How many glyphs it holds, those without ink too.
  public var count: Int { tables.reduce(0) { $0 + $1.count } }

  /// A glyph at a size, drawn if it is new. The cell is filled when ``flush()`` has run.
  ///
  /// - Parameters:
  ///   - index: The number of the glyph in the face.
  ///   - pixelSize: Pixels of the em square, rounded to 1/64.
  /// - Throws: What the font or the pool refuses; the cache is as it was before.
  public func glyph(
    _ index: UInt32, of face: FontFace, pixelSize: Double
  ) throws(FontError) -> CachedGlyph {
    let size = try face.size(pixels: pixelSize)
    let table = table(of: face, size)
    if let found = tables[table][index] { return found }
    let drawn = try rasterize(index, of: face, size: size)
    tables[table].keep(drawn, as: index)
    rasterizedCount += 1
    return drawn
  }

  /// Writes what was drawn since the last time to the pages: to be called before the GPU draws.
  ///
  /// - Returns: For each page, what was written to it; nil where nothing had changed.
  @discardableResult
  public func flush() -> [AtlasPage.Flush?] { atlas.flush() }

  private func table(of face: FontFace, _ size: GlyphSize) -> Int {
    if lastTable < tables.count, tables[lastTable].face == face.id, tables[lastTable].size == size {
      return lastTable
    }
    let key = Key(face: face.id, size: size)
    if let known = tableNumbers[key] {
      lastTable = known
    } else {
      lastTable = tables.count
      tableNumbers[key] = lastTable
      tables.append(GlyphTable(of: face, size))
    }
    return lastTable
  }

  private func rasterize(
    _ index: UInt32, of face: FontFace, size: GlyphSize
  ) throws(FontError) -> CachedGlyph {
    let loaded = try LoadedGlyph(index, of: face, size: size, hinting: hinting)
    var cell: AtlasCell?
    if loaded.width > 0 && loaded.height > 0 {
      cell = try place(loaded, index, of: face)
    }
    return CachedGlyph(
      cell: cell, left: loaded.left, top: loaded.top, advance: loaded.advance)
  }

  private func place(
    _ loaded: LoadedGlyph, _ index: UInt32, of face: FontFace
  ) throws(FontError) -> AtlasCell {
    let cell: AtlasCell
    do {
      cell = try atlas.insert(width: loaded.width, height: loaded.height)
    } catch {
      throw .noPlace(font: face.name, glyph: index, error)
    }
    do {
      try atlas.draw(in: cell) { pixels throws(FontError) in try loaded.draw(in: &pixels) }
    } catch {
      atlas.remove(cell)
      throw error
    }
    return cell
  }
}

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
  private static let maximumSide = 0x7FFF
}

extension GlyphCache {
  /// What the cache asks of its pages' memory, for the pool that they come from.
  public static let component: any Component = FreeTypeAttributes()
}

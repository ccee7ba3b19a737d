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
      width: pageSize.width, height: pageSize.height, writtenBy: GlyphRasterizer().attributes)
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

internal import Synchronization
public import TexAlloc
public import TexAllocAtlas

/// Draws each glyph once, and keeps it on a page that the GPU samples: 8 bits of coverage a pixel.
///
/// ```swift
/// let cache = GlyphCache(in: pool, for: gpu)
/// let font = try cache.font(FontFace(contentsOf: path, in: FontLibrary()), pixelSize: 16)
/// let quads = try cache.quads(of: "Hello", in: font, x: 20, y: 40)  // for all text of a frame
/// try cache.flush()
/// for page in cache.pages { draw(quads.filter { $0.page == page.number }, page.texture(on: gpu)) }
/// ```
///
/// A frame is built, ends with ``flush()``, and is drawn before the next one ends. Pages come as they are
/// needed and are the device's by whatever route; where there may be no more, they are filled round and
/// round: of some rows of a page at once, those go that came first, but for glyphs that are in use; rows of which
/// more than half is in use are passed over where there are others. One in the frame that is being built never
/// goes, nor one that the GPU may still draw.
///
/// On one thread with its faces, that of the device. For text that is placed already: what becomes a
/// glyph, and where it stands, is for HarfBuzz or the toolkit to say.
public final class GlyphCache {
  /// The pages, and where they are packed.
  package let atlas: Atlas
  /// That of fonts of which nothing else is said.
  public let hinting: Hinting
  private let id: UInt64
  private let device: (any Registrar)?
  private let rasterizer: GlyphRasterizer
  // No access to these encloses a call of anybody else's code.
  @safe @exclusivity(unchecked) var table: GlyphTable
  @safe @exclusivity(unchecked) var fonts = FontTable()
  var frames: FrameFences
  /// The font that was asked for last without being kept: text seldom changes its font.
  private var latest: SizedFont?
  /// How many glyphs had come when a fence was made: those that came later will have to go some time.
  private var countAtFence = 0
  private(set) var bytesWritten = 0
  /// Whether a glyph got no place in this frame.
  var isStarved = false
  /// The frame in which the pool had no page for us.
  var frameWithoutPages: UInt32 = 0
  /// A frame, and the sizes of cells for which no rows could be cleared in it.
  var refused = (frame: 0 as UInt32, sizes: [] as [ImageSize])
  /// How many rows of a page are cleared at once, at least.
  let leastRows: Int
  private var requests = GlyphRequests()

  private static let lastID = Atomic<UInt64>(0)

  /// Has no page before the first glyph.
  ///
  /// - Parameters:
  ///   - device: Which samples the pages; nil where nobody does.
  ///   - pageSize: Pixels of a page; no glyph is larger. Where nil, 1024 x 1024, and a page of its own for
  ///     a glyph that is larger, as far as the device and FreeType go.
  ///   - pageLimit: How many pages there may be; where nil, as many as the pool gives.
  ///   - workers: Who draws what is asked for by ``glyphIfReady(_:of:at:)``. Each that does opens the fonts
  ///     once more.
  public init(
    in pool: TexturePool, for device: (any Registrar)? = nil, pageSize: ImageSize? = nil,
    pageLimit: Int? = nil, hinting: Hinting = .light, workers: any Workers = CallingThread()
  ) {
    let limit = ImageSize(
      width: min(device?.attributes.maxWidth ?? .max, FreeTypeAttributes.maximumSide),
      height: min(device?.attributes.maxHeight ?? .max, FreeTypeAttributes.maximumSide))
    let size = pageSize ?? ImageSize(width: min(1024, limit.width), height: min(1024, limit.height))
    atlas = Atlas(
      in: pool, for: device,
      page: ImageDescriptor(
        width: size.width, height: size.height, writtenBy: Self.component.attributes),
      largest: pageSize == nil ? limit : nil, named: "glyphs")
    atlas.isOnlyAddedTo = true
    if let pageLimit { atlas.pageLimit = max(1, pageLimit) }
    // Where there may be more pages, hardly anything ever goes.
    frames = FrameFences(patience: pageLimit == nil ? FrameFences.mostPatience : 0)
    leastRows = max(1, size.height / 16)
    table = GlyphTable(
      bands: GlyphBands(
        height: leastRows, pageHeight: pageSize == nil ? limit.height : size.height,
        border: atlas.border))
    self.device = device
    self.hinting = hinting
    rasterizer = GlyphRasterizer(workers)
    id = Self.lastID.add(1, ordering: .relaxed).newValue
  }

  /// The pages that there are.
  public var pages: [AtlasPage] { atlas.pages }

  /// How many glyphs it holds, those without ink too.
  public var count: Int { table.count }

  /// A face at a size, in a mode: asked for once for each run of text, or kept as long as one likes.
  ///
  /// - Parameters:
  ///   - pixelSize: Pixels of the em square, rounded to 1/64.
  ///   - mode: Where nil, with the hinting of the cache and nothing else.
  /// - Throws: `FontError.unsupportedSize`.
  public func font(
    _ face: FontFace, pixelSize: Double, mode: GlyphMode? = nil
  ) throws(FontError) -> SizedFont {
    let size = try face.size(pixels: pixelSize)
    let mode = mode ?? GlyphMode(hinting: hinting)
    if let latest, latest.face === face, latest.size == size, latest.mode == mode { return latest }
    latest = nil
    let font = fonts.font(
      face, SizedFont.Key(source: face.source, size: size, mode: mode), cache: id)
    latest = font
    return font
  }

  /// A glyph, drawn now if it is new. The cell is filled when ``flush()`` has run.
  ///
  /// - Parameters:
  ///   - index: The number of the glyph in the face.
  ///   - font: One of this cache.
  ///   - quarters: How far right of a pixel, and below it, the pen stands.
  /// - Throws: What the font or the pool refuses, or `FontError.full`; the cache has what it had before,
  ///   or less of what nobody draws.
  public func glyph(
    _ index: UInt32, of font: SizedFont, at quarters: Quarters = .zero
  ) throws(FontError) -> CachedGlyph {
    precondition(font.cache == id, "a font of another cache")
    let key = font.key(of: index, quarters)
    if let found = table.use(key) { return found }
    let shape = try font.face.load(index, size: font.size, mode: font.mode, quarters: quarters)
    guard shape.hasInk else { return keep(shape, nil, of: font, as: key) }
    let new = try place(shape, index, of: font)
    do {
      // The cell is as large as the glyph.
      try unsafe font.face.draw(index, shape, at: quarters, in: new.memory)
    } catch {
      atlas.remove(new.cell)
      throw error
    }
    return keep(shape, new.cell, of: font, as: key)
  }

  /// The same for a face at a size, drawn as ``hinting`` says.
  public func glyph(
    _ index: UInt32, of face: FontFace, pixelSize: Double
  ) throws(FontError) -> CachedGlyph {
    try glyph(index, of: font(face, pixelSize: pixelSize))
  }

  /// A glyph if it is there. Otherwise it is drawn by the workers, to be there after the next flush or
  /// the one after that: a toolkit may draw a frame without it.
  ///
  /// - Throws: What the font refused when it was drawn, or `FontError.noSuchGlyph`.
  public func glyphIfReady(
    _ index: UInt32, of font: SizedFont, at quarters: Quarters = .zero
  ) throws(FontError) -> CachedGlyph? {
    precondition(font.cache == id, "a font of another cache")
    let key = font.key(of: index, quarters)
    if let found = table.use(key) { return found }
    try requests.add(key, index, of: font, at: quarters)
    return nil
  }

  /// Whether a glyph that was kept from an earlier frame is still there; it is used in this frame then.
  public func use(_ glyph: CachedGlyph) -> Bool {
    table.use(entry: glyph.entry, generation: glyph.generation)
  }

  /// The same for ``CachedGlyph/id``.
  package func use(id: UInt64) -> Bool {
    table.use(entry: UInt32(truncatingIfNeeded: id), generation: UInt32(id >> 32))
  }

  /// Ends the frame: writes what was drawn since the last time to the pages, for the GPU to see, and
  /// takes in what workers have drawn. To be called before the GPU draws.
  ///
  /// Where a glyph got no place in this frame, it waits until the GPU has drawn the frames before.
  ///
  /// - Returns: What was written.
  /// - Throws: `RegistrationRefused` where the device does not take a page, or is lost.
  @discardableResult
  public func flush() throws(RegistrationRefused) -> AtlasFlush {
    takeFinished()
    let written = try atlas.flush()
    bytesWritten += written.byteCount
    if let device {
      if isStarved || table.insertedCount != countAtFence && frames.isFenceDue {
        countAtFence = table.insertedCount
        try frames.end { () throws(RegistrationRefused) in try device.endOfUses() }
      } else {
        frames.end()
      }
      if isStarved { frames.wait(until: .now + .seconds(10)) }
    } else {
      frames.end(nil as (() -> any Fence)?)
    }
    isStarved = false
    if frames.isAtEnd { countFramesAnew() }
    table.frame = frames.current
    rasterizer.begin(requests.takeWanted())
    return written
  }
}

extension GlyphCache {
  /// Frames have numbers of 32 bits: enough for two years, and then again.
  private func countFramesAnew() {
    table.forgetUses()
    (frameWithoutPages, refused.frame) = (0, 0)
    frames = FrameFences(current: 3, patience: frames.patience)
    // What waited for a fence waits for the next one.
    countAtFence = -1
  }

  private func keep(
    _ shape: GlyphShape, _ cell: AtlasCell?, of font: SizedFont, as key: UInt64
  ) -> CachedGlyph {
    fonts.addGlyph(of: font)
    return table.insert(shape, cell, as: key)
  }

  /// Gives what workers have drawn places on the pages.
  private func takeFinished() {
    for batch in rasterizer.takeFinished() {
      for (key, outcome) in batch.outcomes {
        guard let font = requests.finish(key, outcome), case .success(let drawn) = outcome,
          // Another may have had it drawn since.
          table.use(key) == nil
        else { continue }
        guard drawn.shape.hasInk else {
          _ = keep(drawn.shape, nil, of: font, as: key)
          continue
        }
        // Where there is no room, it will be asked for again.
        guard let new = try? place(drawn.shape, drawn.glyph, of: font) else { continue }
        // The cell is as large as the glyph.
        unsafe batch.copy(drawn, to: new.memory)
        _ = keep(drawn.shape, new.cell, of: font, as: key)
      }
    }
  }
}

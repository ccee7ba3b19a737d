internal import CFreeType
internal import ProgramSupport
internal import TexAlloc
internal import TexAllocAtlas
internal import TexAllocText

/// The floor beneath a glyph cache: FreeType draws at places that are known beforehand, into a shadow of a
/// page, and the rows of the page are written. Nobody looks for places or keeps them.
@safe final class PlacedGlyphs {
  private struct Place {
    let glyph: UInt32
    /// Pixels from the pen to the left edge, and up to the lower one.
    let left, bottom: Int
    let cell: TexelRectangle
  }

  private let face: FontFace
  private let flags: Int32
  private let places: [Place]
  private let rows: Range<Int>
  private let buffer: TextureBuffer
  /// As long as this lives.
  @unsafe private let shadow: UnsafeMutableBufferPointer<UInt8>
  private let pitch: Int

  /// Asks a cache for the places.
  init(
    _ glyphs: [UInt32], of face: FontFace, pixelSize: Double, hinting: Hinting,
    in pool: TexturePool
  ) throws {
    self.face = face
    flags = hinting.loadFlags | Int32(FT_LOAD_NO_BITMAP)
    let cache = GlyphCache(in: pool, hinting: hinting)
    let font = try cache.font(face, pixelSize: pixelSize)
    places = try glyphs.compactMap { number in
      let glyph = try cache.glyph(number, of: font)
      guard glyph.cell?.page ?? 0 == 0 else { throw ProgramFailure("glyphs do not fit a page") }
      return glyph.cell.map {
        Place(
          glyph: number, left: glyph.left, bottom: glyph.top - $0.rectangle.height,
          cell: $0.rectangle)
      }
    }
    rows = 0..<places.reduce(1) { max($0, $1.cell.rows.upperBound + 1) }
    buffer = try pool.allocate(
      ImageDescriptor(width: 1024, height: 1024, writtenBy: GlyphCache.component.attributes),
      for: .rewritten)
    pitch = buffer.layout.planes[0].pitch
    guard pitch == 1024 else { throw ProgramFailure("a page's rows are \(pitch) bytes apart") }
    let memory = UnsafeMutableRawBufferPointer.allocate(
      byteCount: pitch * 1024, alignment: PlaneWriter.lineSize)
    unsafe shadow = memory.initializeMemory(as: UInt8.self, repeating: 0)
    write(0..<1024)
  }

  deinit { unsafe UnsafeMutableRawBufferPointer(shadow).deallocate() }

  func draw() throws {
    guard let slot = unsafe face.handle.pointee.glyph, let start = unsafe shadow.baseAddress else {
      return
    }
    for place in places {
      guard unsafe FT_Load_Glyph(face.handle, place.glyph, flags) == 0 else {
        throw ProgramFailure("\(face.name): FreeType does not load glyph \(place.glyph)")
      }
      unsafe FT_Outline_Translate(
        &slot.pointee.outline, FT_Pos(-place.left * 64), FT_Pos(-place.bottom * 64))
      // The cell is as large as the glyph.
      var target = unsafe FT_Bitmap()
      unsafe target.rows = UInt32(place.cell.height)
      unsafe target.width = UInt32(place.cell.width)
      unsafe target.pitch = Int32(pitch)
      unsafe target.num_grays = 256
      unsafe target.pixel_mode = UInt8(FT_PIXEL_MODE_GRAY.rawValue)
      unsafe target.buffer = start + place.cell.y * pitch + place.cell.x
      guard unsafe FT_Outline_Get_Bitmap(slot.pointee.library, &slot.pointee.outline, &target) == 0
      else { throw ProgramFailure("\(face.name): FreeType does not draw glyph \(place.glyph)") }
    }
  }

  func write() { write(rows) }

  private func write(_ rows: Range<Int>) {
    let buffer = buffer
    var writer = buffer.writer()
    writer.write(
      unsafe shadow.span.extracting(rows.lowerBound * pitch..<rows.upperBound * pitch), rows: rows)
  }

  /// Has the shadow as it was before anything was drawn.
  func clear() { unsafe shadow.update(repeating: 0) }
}

internal import CJPEG
internal import TexAlloc

/// A row of blocks of each of three colours in the cache, and how it leaves that for the planes of an
/// image. Straight into memory that is not cached, libjpeg-turbo would store eight bytes here and there.
struct StagedPlanes {
  /// One colour, in samples and bytes alike.
  private struct Colour {
    let offset, pitch: Int
    /// Columns that are wanted.
    let columns: Range<Int>
    /// Rows of a row of blocks.
    let rows: Int
  }

  /// Whether both colours of chroma go to one plane.
  let isInterleaved: Bool
  /// Rows of the image that share a sample of chroma.
  let down: Int
  /// Rows of the image in a row of blocks.
  private let blockHeight: Int
  /// Of the whole picture, the first that is wanted.
  private let firstRow: Int
  private let colours: [Colour]
  /// Bytes of all of it.
  let size: Int

  /// - Parameter part: Of a file that can be had as planes, from whole samples of chroma on.
  init(of part: DecodedPart, isInterleaved: Bool) {
    self.isInterleaved = isInterleaved
    blockHeight = part.blockHeight
    firstRow = part.rows.lowerBound
    let scale = part.scale
    let across = [scale.across.0, scale.across.1, scale.across.2].map(Int.init)
    let downs = [scale.down.0, scale.down.1, scale.down.2].map(Int.init)
    down = downs[0] / downs[1]
    var end = 0
    colours = zip(across, downs).map { samples, down in
      let shared = across[0] / samples
      let width = Int(scale.width).dividedRoundingUp(by: shared)
      let columns =
        part.columns.lowerBound / shared..<part.columns.upperBound.dividedRoundingUp(by: shared)
      // Of an odd number of lines, so that rows do not push each other out of the cache.
      let lines = width.dividedRoundingUp(by: PlaneWriter.lineSize) | 1
      let colour = Colour(
        offset: end, pitch: lines * PlaneWriter.lineSize, columns: columns, rows: down)
      end += colour.pitch * colour.rows
      return colour
    }
    size = end
  }

  var places: texalloc_jpeg_places {
    let (offsets, pitches) = (colours.map(\.offset), colours.map(\.pitch))
    return texalloc_jpeg_places(
      offset: (offsets[0], offsets[1], offsets[2]), pitch: (pitches[0], pitches[1], pitches[2]))
  }

  /// Writes rows of the whole picture, all of one row of blocks, in luma.
  func write(luma rows: Range<Int>, from cache: Span<UInt8>, to writer: inout PlaneWriter) {
    for row in rows {
      writer.write(samples(row % blockHeight, of: 0, cache), row: row - firstRow)
    }
  }

  /// In both colours of chroma, interleaved.
  func write(chroma rows: Range<Int>, from cache: Span<UInt8>, to writer: inout PlaneWriter) {
    for row in chroma(rows) {
      let place = row % (blockHeight / down)
      writer.write(
        u: samples(place, of: 1, cache), v: samples(place, of: 2, cache),
        row: row - firstRow / down)
    }
  }

  /// In one colour of chroma: 1 for blue, 2 for red.
  func write(
    chroma rows: Range<Int>, _ colour: Int, from cache: Span<UInt8>, to writer: inout PlaneWriter
  ) {
    for row in chroma(rows) {
      writer.write(
        samples(row % (blockHeight / down), of: colour, cache), row: row - firstRow / down)
    }
  }

  /// The rows of chroma of rows of the image.
  func chroma(_ rows: Range<Int>) -> Range<Int> {
    rows.lowerBound / down..<rows.upperBound.dividedRoundingUp(by: down)
  }

  /// Samples of chroma across.
  var chromaWidth: Int { colours[1].columns.count }

  @_lifetime(copy cache)
  private func samples(_ row: Int, of colour: Int, _ cache: Span<UInt8>) -> Span<UInt8> {
    let colour = colours[colour]
    let start = colour.offset + row * colour.pitch
    return cache.extracting(start + colour.columns.lowerBound..<start + colour.columns.upperBound)
  }
}

extension DecodingPass {
  /// - Parameter limit: Rows that are good as far as is known.
  /// - Returns: Those that are.
  func writePlanes(
    of file: borrowing OpenJPEG, by planes: StagedPlanes, below limit: Int,
    through rows: inout CachedRows, into buffer: TextureBuffer, _ goOn: (Double) -> Bool
  ) throws(ImageDecodingError) -> Int {
    let end = part.rows.upperBound
    rows.reserve(1, of: planes.size, spare: 0)
    defer { rows.shrink() }
    var luma = try buffer.writer(decoding: file.name)
    var blue = try buffer.writer(ofPlane: 1, decoding: file.name)
    let good: Int
    if planes.isInterleaved {
      good = try readPlanes(of: file, by: planes, below: limit, through: &rows, goOn) {
        planes.write(luma: $0, from: $1, to: &luma)
        planes.write(chroma: $0, from: $1, to: &blue)
      }
      if let fill = fill.map(Self.lumaAndChroma), good < end {
        luma.fill(part.own(good..<end), with: fill.x)
        let (u, v) = (
          [UInt8](repeating: fill.y, count: planes.chromaWidth),
          [UInt8](repeating: fill.z, count: planes.chromaWidth)
        )
        for row in planes.chroma(part.own(good..<end)) {
          blue.write(u: u.span, v: v.span, row: row)
        }
      }
    } else {
      var red = try buffer.writer(ofPlane: 2, decoding: file.name)
      good = try readPlanes(of: file, by: planes, below: limit, through: &rows, goOn) {
        planes.write(luma: $0, from: $1, to: &luma)
        planes.write(chroma: $0, 1, from: $1, to: &blue)
        planes.write(chroma: $0, 2, from: $1, to: &red)
      }
      if let fill = fill.map(Self.lumaAndChroma), good < end {
        luma.fill(part.own(good..<end), with: fill.x)
        blue.fill(planes.chroma(part.own(good..<end)), with: fill.y)
        red.fill(planes.chroma(part.own(good..<end)), with: fill.z)
      }
    }
    if good == end { try readToEnd(of: file) }
    guard goOn(1) else { throw file.error(.cancelled) }
    return good
  }

  /// Decodes one row of blocks after the other into the cache, those above the part for nothing: the
  /// library passes over none that it makes planes of.
  ///
  /// - Parameter write: Is given the rows of the whole picture that are there and wanted, and where.
  /// - Returns: The rows that are good.
  private func readPlanes(
    of file: borrowing OpenJPEG, by planes: StagedPlanes, below limit: Int,
    through rows: inout CachedRows, _ goOn: (Double) -> Bool,
    _ write: (Range<Int>, Span<UInt8>) -> Void
  ) throws(ImageDecodingError) -> Int {
    let places = planes.places
    var (row, good) = (0, min(limit, part.rows.upperBound))
    while row < good {
      guard row == 0 || goOn(done(row)) else { throw file.error(.cancelled) }
      do throws(ImageDecodingError) {
        // There is room for what the places say.
        try unsafe rows.withRows { start throws(ImageDecodingError) in
          try unsafe file.readPlanes(start, places)
        }
        good = goodRows(of: file, below: good)
      } catch {
        good = try goodRows(of: file, below: good, after: error)
      }
      // A sample of chroma that belongs to a row which is not good is not good.
      if good < part.rows.upperBound { good = good / planes.down * planes.down }
      let held = (row..<max(row, min(row + part.blockHeight, good))).clamped(to: part.rows)
      if !held.isEmpty { rows.withRow(0) { all, _ in write(held, all.span) } }
      row += part.blockHeight
    }
    try requireGood(good, of: file)
    return good
  }

  /// A colour of sRGB as JFIF stores it.
  private static func lumaAndChroma(_ colour: SIMD4<UInt8>) -> SIMD4<UInt8> {
    let (red, green, blue) = (Double(colour.x), Double(colour.y), Double(colour.z))
    func byte(_ number: Double) -> UInt8 { UInt8(min(max(number, 0), 255).rounded()) }
    let luma = 0.299 * red + 0.587 * green + 0.114 * blue
    return SIMD4(
      byte(luma), byte((blue - luma) / 1.772 + 128), byte((red - luma) / 1.402 + 128), 0)
  }
}

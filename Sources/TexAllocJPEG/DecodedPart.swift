internal import CJPEG
internal import TexAlloc

/// Which pixels of a file are decoded, and how small.
struct DecodedPart: Sendable {
  /// Of the sizes that the library decodes to, in eighths, those that cost less than any larger one: the
  /// others have no fast transform. Measured with libjpeg-turbo 2.1.5, as parts of the full decode: of 4:2:0
  /// 0.62, 0.67, 0.98, 0.76, 1.60, 1.99, 2.63 and 1 for 1 to 8, of 4:4:4 0.58, 0.69, 0.82, 0.82, 1.27, 1.65,
  /// 2.30 and 1.
  private static let cheapest: [UInt32] = [1, 2, 4, 8]

  let scale: texalloc_jpeg_scale
  /// Of the rows as they are stored, at the scale.
  let columns, rows: Range<Int>

  /// - Parameter orientation: How the rows as they are stored are shown.
  init(
    _ options: DecodingOptions, of file: borrowing OpenJPEG, _ orientation: Orientation
  ) throws(ImageDecodingError) {
    let stored = ImageSize(width: Int(file.header.width), height: Int(file.header.height))
    let region = try options.part(of: orientation.upright(stored), named: file.name)
    let eighths = Self.eighths(for: options.size, of: region.size)
    scale = try file.setScale(eighths)
    let part = orientation.stored(region, of: stored)
    func scaled(_ start: Int, _ count: Int) -> Range<Int> {
      let eighths = Int(eighths)
      return start * eighths / 8..<((start + count) * eighths).dividedRoundingUp(by: 8)
    }
    columns = scaled(part.x, part.width)
    rows = scaled(part.y, part.height)
  }

  /// The least that gives as many pixels as are shown.
  private static func eighths(for size: ShownSize?, of picture: ImageSize) -> UInt32 {
    guard let shown = size?.shown(picture) else { return 8 }
    return cheapest.first { eighths in
      (picture.width * Int(eighths)).dividedRoundingUp(by: 8) >= shown.width
        && (picture.height * Int(eighths)).dividedRoundingUp(by: 8) >= shown.height
    } ?? 8
  }

  /// Pixels as they are stored.
  var size: ImageSize { ImageSize(width: columns.count, height: rows.count) }
  var region: ImageRegion {
    ImageRegion(
      x: columns.lowerBound, y: rows.lowerBound, width: columns.count, height: rows.count)
  }
  /// Rows of the whole picture at the scale.
  var wholeHeight: Int { Int(scale.height) }
  /// Rows that are coded together.
  var blockHeight: Int { Int(scale.block_height) }
  var hasAllColumns: Bool { columns == 0..<Int(scale.width) }
  var hasAllRows: Bool { rows == 0..<wholeHeight }

  /// The row with which decoding begins, of whole blocks: one row of blocks early, since colours may be
  /// made by way of those above.
  var firstDecodedRow: Int { max(0, rows.lowerBound / blockHeight - 1) * blockHeight }

  /// The columns that are decoded, of which a block more on each side is of no use but for its neighbour;
  /// all where the library cannot leave out any.
  func decodedColumns(of header: texalloc_jpeg_header) -> Range<Int> {
    let (width, block) = (Int(scale.width), Int(scale.block_width))
    guard !hasAllColumns, canLeaveOutColumns(of: header) else { return 0..<width }
    return max(0, columns.lowerBound / block - 1) * block..<min(width, columns.upperBound + block)
  }

  /// Where a file has several scans, the library may smooth blocks by way of those that are left out. Where
  /// it takes a colour from larger blocks than others, and has to smooth it nevertheless, it miscounts the
  /// samples that are left.
  private func canLeaveOutColumns(of header: texalloc_jpeg_header) -> Bool {
    guard !header.has_several_scans else { return false }
    let eighths = UInt8(scale.eighths)
    let colours = [
      (scale.across.0, scale.down.0, header.across.0),
      (scale.across.1, scale.down.1, header.across.1),
      (scale.across.2, scale.down.2, header.across.2),
      (scale.across.3, scale.down.3, header.across.3),
    ]
    return colours.prefix(Int(header.component_count)).allSatisfy { across, down, blocks in
      across == blocks * eighths || (across == scale.block_width && down == scale.block_height)
    }
  }

  /// Rows of the part, of rows of the whole picture.
  func own(_ rows: Range<Int>) -> Range<Int> {
    let rows = rows.clamped(to: self.rows)
    return rows.lowerBound - self.rows.lowerBound..<rows.upperBound - self.rows.lowerBound
  }
}

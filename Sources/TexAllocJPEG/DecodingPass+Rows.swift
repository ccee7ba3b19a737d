internal import CJPEG
internal import TexAlloc

extension DecodingPass {
  /// Rows that stay in the nearest cache on their way through it.
  private static let group = 4

  /// - Parameter limit: Rows that are good as far as is known.
  /// - Returns: Those that are.
  func writeRows(
    of file: borrowing OpenJPEG, by conversion: RowConversion, below limit: Int,
    through rows: inout CachedRows, into buffer: TextureBuffer, _ goOn: (Double) -> Bool
  ) throws(ImageDecodingError) -> Int {
    let wanted = part.rows
    let group = max(part.blockHeight, Self.group)
    let pixelSize = conversion.sourcePixelSize
    var good = min(limit, wanted.upperBound)
    let columns = try decodedColumns(of: file)
    let first = part.columns.lowerBound - columns.lowerBound
    rows.reserve(
      group, of: columns.count * pixelSize,
      using: first * pixelSize..<(first + part.columns.count) * pixelSize,
      spare: part.columns.count * 4)
    defer { rows.shrink() }
    try passOver(file, below: &good, by: &rows, goOn)
    var row = wanted.lowerBound + min(group, good - wanted.lowerBound)
    good = try readRows(of: file, row - wanted.lowerBound, below: good, into: &rows)
    try requireGood(good, of: file)

    var writer = try buffer.writer(decoding: file.name)
    conversion.write(part.own(wanted.lowerBound..<min(row, good)), from: &rows, to: &writer)
    while row < good {
      guard goOn(done(row)) else { throw file.error(.cancelled) }
      if conversion.isStraight, part.hasAllColumns {
        row += try decodeRows(of: file, from: row, below: &good, into: &writer)
      } else {
        let count = min(Self.group, good - row)
        good = try readRows(of: file, count, below: good, into: &rows)
        conversion.write(
          part.own(row..<max(row, min(row + count, good))), from: &rows, to: &writer)
        row += count
      }
    }
    try requireGood(good, of: file)
    if let fill, good < wanted.upperBound {
      rows.withRow(0) { _, pixels in
        conversion.fill(part.own(good..<wanted.upperBound), with: fill, by: &pixels, to: &writer)
      }
    } else {
      try readToEnd(of: file)
    }
    guard goOn(1) else { throw file.error(.cancelled) }
    return good
  }

  /// Columns that the rows hold.
  private func decodedColumns(
    of file: borrowing OpenJPEG
  ) throws(ImageDecodingError) -> Range<Int> {
    let columns = part.decodedColumns(of: file.header)
    return columns.count == Int(part.scale.width) ? columns : try file.crop(to: columns)
  }

  /// Passes over the rows above those that are wanted, the last of which are decoded.
  private func passOver(
    _ file: borrowing OpenJPEG, below good: inout Int, by rows: inout CachedRows,
    _ goOn: (Double) -> Bool
  ) throws(ImageDecodingError) {
    try requireGood(good, of: file)
    var row = 0
    // Each time one row of blocks is decoded for nothing, which does not show beside so many.
    let most = part.blockHeight * 64
    while row < part.firstDecodedRow {
      guard row == 0 || goOn(done(row)) else { throw file.error(.cancelled) }
      let count = min(most, part.firstDecodedRow - row)
      do throws(ImageDecodingError) {
        try file.skipRows(count)
        good = goodRows(of: file, below: good)
      } catch {
        good = try goodRows(of: file, below: good, after: error)
      }
      row += count
      try requireGood(good, of: file)
    }
    while row < part.rows.lowerBound {
      let count = min(part.blockHeight, part.rows.lowerBound - row)
      good = try readRows(of: file, count, below: good, into: &rows)
      row += count
      try requireGood(good, of: file)
    }
  }

  /// - Parameter row: The next, of the whole picture.
  func done(_ row: Int) -> Double { Double(row) / Double(part.rows.upperBound) }

  /// A part without any good row is no picture.
  func requireGood(_ good: Int, of file: borrowing OpenJPEG) throws(ImageDecodingError) {
    guard good > part.rows.lowerBound else { throw file.error(file.reasonOfDamage) }
  }

  /// Decodes rows into the cache.
  ///
  /// - Returns: The rows of the image that are good, of those that were.
  private func readRows(
    of file: borrowing OpenJPEG, _ count: Int, below limit: Int, into rows: inout CachedRows
  ) throws(ImageDecodingError) -> Int {
    let pitch = rows.pitch
    do throws(ImageDecodingError) {
      // There is room for as many rows as are coded together, which is the most that is asked for.
      try unsafe rows.withRows { start throws(ImageDecodingError) in
        try unsafe file.readRows(start, pitch: pitch, count: count)
      }
    } catch {
      return try goodRows(of: file, below: limit, after: error)
    }
    return goodRows(of: file, below: limit)
  }

  /// Decodes rows where they belong.
  ///
  /// - Returns: How many are written, at least one where there are any.
  private func decodeRows(
    of file: borrowing OpenJPEG, from row: Int, below good: inout Int,
    into writer: inout PlaneWriter
  ) throws(ImageDecodingError) -> Int {
    let pitch = writer.pitch
    // The last lines of rows wait for their padding, and only few lines can wait without being
    // written twice. Where there is no padding, larger groups save calls.
    let count = min(writer.rowSize < pitch ? 2 : 16, good - row)
    var limit = good
    _ = unsafe try writer.decodeRows(from: row - part.rows.lowerBound) {
      rows, _ throws(ImageDecodingError) in
      do throws(ImageDecodingError) {
        try unsafe file.readRows(rows, pitch: pitch, count: count)
        limit = goodRows(of: file, below: limit)
      } catch {
        limit = try goodRows(of: file, below: limit, after: error)
      }
      return max(0, min(count, limit - row))
    }
    good = limit
    return count
  }

  func goodRows(of file: borrowing OpenJPEG, below limit: Int) -> Int {
    // What was wrong in scans is known by now.
    guard !file.header.has_several_scans, let damage = file.damage else { return limit }
    return min(limit, Int(damage.good_rows))
  }

  func goodRows(
    of file: borrowing OpenJPEG, below limit: Int, after error: ImageDecodingError
  ) throws(ImageDecodingError) -> Int {
    guard fill != nil, error.isDamage else { throw error }
    return min(goodRows(of: file, below: limit), file.rowCount)
  }

  /// All rows are there: what is wrong behind them costs none. Of a part, what is behind is nobody's.
  func readToEnd(of file: borrowing OpenJPEG) throws(ImageDecodingError) {
    guard part.rows.upperBound == part.wholeHeight else { return }
    do throws(ImageDecodingError) {
      while try !file.readOn().at_end {}
    } catch {
      guard fill != nil, error.isDamage else { throw error }
    }
  }
}

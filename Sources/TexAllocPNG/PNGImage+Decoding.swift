internal import CPNGReader
internal import DecoderSupport
public import TexAlloc

extension PNGImage {
  /// Rows between two questions whether to go on.
  private static let group = 16

  /// Decodes the file into a buffer, whose memory is written once, in whole lines, and never read.
  ///
  /// Of a region, the rows above are decoded and dropped, and those below not read; an interlaced file is
  /// decoded up to the last of its rows. Nothing is scaled: every size is covered by all pixels.
  ///
  /// A file that fails before its first row, or before the last pass of an interlaced one, has touched no
  /// page of the buffer.
  ///
  /// - Parameters:
  ///   - buffer: Allocated for ``header``'s descriptor, or otherwise of its size, in one of its formats.
  ///   - workers: Not used.
  ///   - goOn: Is told, every few rows, which part of the work is done, from 0 to 1, and answers whether to
  ///     go on.
  /// - Returns: With `DecodingOptions.Damage.salvage`, the rows that are good: those above
  ///   the first that was lost. An interlaced file whose last pass has not begun has none, and is an error.
  /// - Throws: After `unsuitableBuffer`, `bufferInUse`, `spentBuffer` the buffer is as it was; after any other error it is discarded.
  @discardableResult
  public func decode(
    into buffer: TextureBuffer, on workers: any Workers = CallingThread(),
    goOn: @Sendable (_ done: Double) -> Bool = { _ in true }
  ) throws(ImageDecodingError) -> DecodingReport {
    try header.check(buffer)
    do {
      return try source.withPNG(within: decoder.limits) { file throws(ImageDecodingError) in
        // The file may have changed since, and the buffer was allocated for what it was.
        guard file.header.isLike(coding) else {
          throw ImageDecodingError(header.name, .damaged("it changed while it was open", .header))
        }
        let blueFirst = [.argb8888, .xrgb8888].contains(buffer.layout.format.fourcc)
        // A profile is for red first.
        try file.start(blueFirst: blueFirst && transform == nil)
        let colours = Colours(
          transform: transform, hasAlpha: coding.has_alpha, blueFirst: blueFirst)
        return isInterlaced
          ? try decodePasses(of: file, colours, into: buffer, goOn)
          : try decodeRows(of: file, colours, into: buffer, goOn)
      }
    } catch {
      if !error.isOfBuffer { buffer.discard(because: "\(error)") }
      throw error
    }
  }

  private var height: Int { Int(coding.height) }
  private var rowSize: Int { Int(coding.width) * 4 }

  private func decodeRows(
    of file: borrowing OpenPNG, _ colours: Colours, into buffer: TextureBuffer,
    _ goOn: (Double) -> Bool
  ) throws(ImageDecodingError) -> DecodingReport {
    var pixels = [UInt8](repeating: 0, count: rowSize)
    var row = pixels.mutableSpan
    try file.readRow(into: &row, at: .row(0))
    var writer = try buffer.writer(decoding: header.name)
    let end = part.rows.upperBound
    var good = 0
    do throws(ImageDecodingError) {
      while true {
        if part.rows.contains(good) { write(&row, colours, good, to: &writer) }
        good += 1
        if good.isMultiple(of: Self.group) { try ask(goOn, Double(good) / Double(end)) }
        if good == end { break }
        try file.readRow(into: &row, at: .row(good))
      }
      if end == height { try file.readEnd() }
    } catch {
      guard let fill, good > part.y, error.isDamage else { throw error }
      var kept = row._mutatingExtracting(keptBytes)
      colours.fill(good - part.y..<part.height, with: fill, by: &kept, to: &writer)
      return report(of: file, good, error)
    }
    try ask(goOn, 1)
    return report(of: file, good, nil)
  }

  private func decodePasses(
    of file: borrowing OpenPNG, _ colours: Colours, into buffer: TextureBuffer,
    _ goOn: (Double) -> Bool
  ) throws(ImageDecodingError) -> DecodingReport {
    var pixels = [UInt8](repeating: 0, count: rowSize * height)
    var all = pixels.mutableSpan
    let end = part.rows.upperBound
    var good = 0
    var damage: ImageDecodingError?
    do throws(ImageDecodingError) {
      for pass in 0..<7 {
        for row in 0..<(pass < 6 ? height : end) {
          if row.isMultiple(of: Self.group) {
            try ask(goOn, (Double(pass) + Double(row) / Double(height)) / 8)
          }
          var room = all._mutatingExtracting(row * rowSize..<(row + 1) * rowSize)
          try file.readRow(into: &room, at: .scan(pass + 1))
          if pass == 6 { good = row + 1 }
        }
      }
      if end == height { try file.readEnd() }
    } catch {
      guard fill != nil, good > part.y, error.isDamage else { throw error }
      damage = error
    }
    var writer = try buffer.writer(decoding: header.name)
    for row in part.y..<good {
      var room = all._mutatingExtracting(row * rowSize..<(row + 1) * rowSize)
      write(&room, colours, row, to: &writer)
      if row.isMultiple(of: Self.group) {
        try ask(goOn, 0.875 + Double(row) / Double(height) / 8)
      }
    }
    if let fill {
      var room = all._mutatingExtracting(keptBytes)
      colours.fill(good - part.y..<part.height, with: fill, by: &room, to: &writer)
    }
    try ask(goOn, 1)
    return report(of: file, good, damage)
  }

  /// Bytes of a row of the file that are kept.
  private var keptBytes: Range<Int> { part.x * 4..<(part.x + part.width) * 4 }

  /// - Parameter number: Of the row, in the file.
  private func write(
    _ row: inout MutableSpan<UInt8>, _ colours: Colours, _ number: Int,
    to writer: inout PlaneWriter
  ) {
    var kept = row._mutatingExtracting(keptBytes)
    colours.convert(&kept)
    writer.write(kept.span, row: number - part.y)
  }

  private func ask(_ goOn: (Double) -> Bool, _ done: Double) throws(ImageDecodingError) {
    guard goOn(done) else { throw ImageDecodingError(header.name, .cancelled) }
  }

  private func report(
    of file: borrowing OpenPNG, _ good: Int, _ damage: ImageDecodingError?
  ) -> DecodingReport {
    let message = damage.map { "\($0.reason)" } ?? file.message
    let new = message.isEmpty || warnings.contains(message) ? [] : [message]
    return DecodingReport(warnings: warnings + new, goodRows: 0..<good - part.y)
  }
}

/// What becomes of a row in the cache.
private struct Colours {
  let transform: ColourTransform?
  let hasAlpha: Bool
  let blueFirst: Bool

  /// - Parameter row: Blue first where that is wanted, unless there is a transform.
  func convert(_ row: inout MutableSpan<UInt8>) {
    if let transform {
      transform.convert(&row)
      if blueFirst {
        for pixel in 0..<row.count / 4 { row.swapAt(pixel * 4, pixel * 4 + 2) }
      }
    }
    if hasAlpha { premultiply(&row) }
  }

  /// Each channel times alpha / 255, rounded to the nearest.
  private func premultiply(_ row: inout MutableSpan<UInt8>) {
    for start in stride(from: 0, to: row.count, by: 4) {
      let alpha = UInt32(row[start + 3])
      if alpha == 255 { continue }
      for index in start..<start + 3 {
        row[index] = UInt8(truncatingIfNeeded: (UInt32(row[index]) * alpha + 127) / 255)
      }
    }
  }

  /// Writes one colour to whole rows.
  ///
  /// - Parameters:
  ///   - colour: Red, green, blue and alpha.
  ///   - row: Room for one; afterwards of no use.
  func fill(
    _ rows: Range<Int>, with colour: SIMD4<UInt8>, by row: inout MutableSpan<UInt8>,
    to writer: inout PlaneWriter
  ) {
    let order = blueFirst ? [2, 1, 0, 3] : [0, 1, 2, 3]
    for index in row.indices { row[index] = colour[order[index % 4]] }
    for number in rows { writer.write(row.span, row: number) }
  }
}

extension texalloc_png_header {
  /// Whether a file with the other header is decoded to the same number of the same rows.
  fileprivate func isLike(_ other: texalloc_png_header) -> Bool {
    width == other.width && height == other.height && has_alpha == other.has_alpha
      && is_interlaced == other.is_interlaced
  }
}

extension ImageDecodingError {
  fileprivate var isDamage: Bool {
    switch reason {
    case .truncated, .damaged: true
    default: false
    }
  }
}

internal import CJPEG
internal import TexAlloc

/// From an open file to rows in a plane, or in several, and to what is known of them.
struct DecodingPass {
  /// What is made of the file's colours.
  enum Output {
    case pixels(RowConversion)
    case planes(StagedPlanes)

    /// What the library is asked for; nil for planes.
    var order: texalloc_jpeg_order? {
      switch self {
      case .pixels(let conversion): conversion.order
      case .planes: nil
      }
    }
  }

  private let output: Output
  /// What rows are filled with that are not good; nil where there must be none.
  let fill: SIMD4<UInt8>?
  private let limits: JPEGLimits
  /// What was wrong with the file.
  private(set) var warnings: [String]

  /// - Parameter warnings: What was wrong with its header.
  init(
    _ output: Output, fill: SIMD4<UInt8>?, within limits: JPEGLimits, warnings: [String]
  ) {
    self.output = output
    self.fill = fill
    self.limits = limits
    self.warnings = warnings
  }

  /// - Parameters:
  ///   - file: Whose header was read.
  ///   - rows: Where they lie in the cache.
  ///   - buffer: Fit for the file.
  /// - Returns: The rows that are good; the others are filled.
  mutating func run(
    _ file: borrowing OpenJPEG, by rows: inout CachedRows, into buffer: TextureBuffer,
    _ goOn: (Double) -> Bool
  ) throws(ImageDecodingError) -> Range<Int> {
    try file.start(output.order)
    var good = Int(file.header.height)
    // Of the time that a file with several scans takes, about four fifths go by before the rows.
    let share = file.header.has_several_scans ? 0.8 : 0
    if file.header.has_several_scans {
      good = try readScans(of: file) { goOn($0 * share) }
      try file.startRows()
    }
    func goOnWithRows(_ done: Double) -> Bool { goOn(share + done * (1 - share)) }
    good =
      switch output {
      case .pixels(let conversion):
        try writeRows(
          of: file, by: conversion, below: good, through: &rows, into: buffer, goOnWithRows)
      case .planes(let planes):
        try writePlanes(
          of: file, by: planes, below: good, through: &rows, into: buffer, goOnWithRows)
      }
    noteWhatWasWrong(with: file)
    return 0..<good
  }

  // MARK: Scans

  /// Reads all scans, of which no row is to be had before.
  ///
  /// - Returns: The rows, from the first, that will be good.
  private mutating func readScans(
    of file: borrowing OpenJPEG, _ goOn: (Double) -> Bool
  ) throws(ImageDecodingError) -> Int {
    let height = Int(file.header.height)
    // Steps that went well, and those up to the end of the last scan that is whole.
    var (steps, wholeSteps) = (0, 0)
    var (hasEnded, hasFailed) = (false, false)
    do throws(ImageDecodingError) {
      while !hasEnded {
        let position = try file.readOn()
        hasEnded = position.at_end
        guard position.scan <= limits.scans else {
          throw file.error(.tooMuch(.scans, limits.scans))
        }
        guard goOn(min(1, Double(position.offset) / Double(max(1, file.size)))) else {
          throw file.error(.cancelled)
        }
        if !hasEnded { steps += 1 }
        if file.damage == nil {
          if position.ended_scan { wholeSteps = steps }
        } else if file.header.is_progressive {
          break
        }
      }
    } catch {
      guard fill != nil, error.isDamage else { throw error }
      hasFailed = true
    }
    guard let damage = file.damage else { return height }
    if file.header.is_progressive {
      guard wholeSteps > 0 else { throw file.error(file.reasonOfDamage) }
      if !hasEnded || wholeSteps < steps { try replay(wholeSteps, of: file) }
      return height
    }
    let good = file.hasAllColours ? Int(damage.good_rows) : 0
    guard good > 0 else { throw file.error(file.reasonOfDamage) }
    if hasFailed { try replay(steps, of: file) }
    return good
  }

  /// Reads the file again up to a step that went well, since what came behind it has left its traces.
  private mutating func replay(
    _ steps: Int, of file: borrowing OpenJPEG
  ) throws(ImageDecodingError) {
    noteWhatWasWrong(with: file)
    try file.startAgain(output.order)
    for _ in 0..<steps { _ = try file.readOn() }
    try file.endHere()
  }

  // MARK: Rows

  /// - Parameter limit: Rows that are good as far as is known.
  /// - Returns: Those that are.
  private func writeRows(
    of file: borrowing OpenJPEG, by conversion: RowConversion, below limit: Int,
    through rows: inout CachedRows, into buffer: TextureBuffer, _ goOn: (Double) -> Bool
  ) throws(ImageDecodingError) -> Int {
    let (width, height) = (Int(file.header.width), Int(file.header.height))
    let blockHeight = Int(file.header.block_height)
    var good = limit
    rows.reserve(blockHeight, of: width * conversion.sourcePixelSize, spare: width * 4)
    defer { rows.shrink() }
    var row = min(blockHeight, good)
    good = try readRows(of: file, row, below: good, into: &rows)
    guard good > 0 else { throw file.error(file.reasonOfDamage) }

    var writer = buffer.writer()
    conversion.write(rows: 0..<min(row, good), from: &rows, to: &writer)
    while row < good {
      guard goOn(Double(row) / Double(height)) else { throw file.error(.cancelled) }
      if conversion.isStraight {
        row += try decodeRows(of: file, from: row, below: &good, into: &writer)
      } else {
        // As many as stay in the nearest cache on their way.
        let count = min(4, good - row)
        good = try readRows(of: file, count, below: good, into: &rows)
        conversion.write(rows: row..<max(row, min(row + count, good)), from: &rows, to: &writer)
        row += count
      }
    }
    guard good > 0 else { throw file.error(file.reasonOfDamage) }
    if let fill, good < height {
      rows.withRow(0) { _, pixels in
        conversion.fill(good..<height, with: fill, by: &pixels, to: &writer)
      }
    } else {
      try readToEnd(of: file)
    }
    guard goOn(1) else { throw file.error(.cancelled) }
    return good
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
    _ = unsafe try writer.decodeRows(from: row) { rows, _ throws(ImageDecodingError) in
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

  /// All rows are there: what is wrong behind them costs none.
  func readToEnd(of file: borrowing OpenJPEG) throws(ImageDecodingError) {
    do throws(ImageDecodingError) {
      while try !file.readOn().at_end {}
    } catch {
      guard fill != nil, error.isDamage else { throw error }
    }
  }

  private mutating func noteWhatWasWrong(with file: borrowing OpenJPEG) {
    var new = file.damage.map { _ in ["\(file.reasonOfDamage)"] } ?? []
    new += file.notes.filter { $0 != file.damage?.text }
    warnings += new.filter { !warnings.contains($0) }
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

internal import CStreaming

/// Writes one plane of an image in the only way that write-combining memory likes: whole 64-byte
/// lines, in order, never read.
///
/// It has no way to read what it wrote. It can be neither copied nor kept longer than the buffer
/// that it writes, and when it ends, everything written is visible to whoever is told of it next.
/// Until then nobody else writes or reads the plane; ``split()`` lends its rows to several threads.
///
/// Rows begin on a line, and the padding behind their pixels is written with them, as zeros.
@safe public struct PlaneWriter: ~Copyable, ~Escapable {
  /// Bytes that write-combining memory takes at once.
  public static var lineSize: Int { texalloc_line_size }

  /// Bytes of the pixels of a row, without padding.
  public let rowSize: Int
  /// The rows that it writes, counted from 0 at the top of the plane: all that hold pixels, or those
  /// that it was given of a plane that was split.
  public let rows: Range<Int>
  /// Bytes from one row to the next, a multiple of `lineSize`.
  public let pitch: Int
  /// Where row 0 of the plane begins.
  let base: UnsafeMutableRawPointer
  /// nil for memory that is no buffer's.
  private let writing: PlaneWriting?
  /// The first row before which the buffer is to be told that it is about to be written, so that its
  /// pages and the next are made ready.
  private var coldRow: Int

  /// - Parameter bytes: The whole plane. They must outlive the writer: whoever returns it says so.
  @_lifetime(immortal)
  @unsafe package init(
    _ bytes: UnsafeMutableRawBufferPointer, pitch: Int, rowSize: Int, rowCount: Int
  ) {
    unsafe self.init(bytes, pitch: pitch, rowSize: rowSize, rowCount: rowCount, during: nil)
  }

  /// - Parameter writing: Ends with the writer, after its store fence.
  @_lifetime(immortal)
  @unsafe init(
    _ bytes: UnsafeMutableRawBufferPointer, pitch: Int, rowSize: Int, rowCount: Int,
    during writing: consuming PlaneWriting?
  ) {
    precondition(
      rowSize <= pitch && pitch * rowCount <= bytes.count,
      "\(rowCount) rows of \(rowSize) bytes, \(pitch) apart, in \(bytes.count)")
    precondition(pitch.isMultiple(of: Self.lineSize), "a pitch of \(pitch) splits lines")
    guard let start = bytes.baseAddress,
      Int(bitPattern: start).isMultiple(of: Self.lineSize)
    else { preconditionFailure("a plane begins on a line") }
    unsafe self.init(
      base: start, pitch: pitch, rowSize: rowSize, rows: 0..<rowCount, during: writing)
  }

  /// - Parameter base: Where row 0 of the plane begins.
  @_lifetime(immortal)
  @unsafe init(
    base: UnsafeMutableRawPointer, pitch: Int, rowSize: Int, rows: Range<Int>,
    during writing: consuming PlaneWriting?
  ) {
    unsafe self.base = base
    self.rowSize = rowSize
    self.rows = rows
    self.pitch = pitch
    switch writing {
    case .some(let writing): coldRow = writing.owner.isMadeReadyByWriters ? rows.lowerBound : .max
    case .none: coldRow = .max
    }
    self.writing = writing
  }

  deinit { texalloc_store_fence() }

  /// Whose the plane is, if it is a buffer's.
  var owner: (any PlaneOwner)? {
    switch writing {
    case .some(let writing): writing.owner
    case .none: nil
    }
  }

  /// How many rows it writes.
  public var rowCount: Int { rows.count }

  /// Writes the pixels of one row and zeros behind them.
  ///
  /// - Parameters:
  ///   - pixels: `rowSize` bytes.
  ///   - row: One of `rows`.
  public mutating func write(_ pixels: Span<UInt8>, row: Int) {
    precondition(pixels.count == rowSize, "\(pixels.count) bytes for a row of \(rowSize)")
    unsafe pixels.withUnsafeBytes {
      unsafe texalloc_stream_row(address(ofRow: row), $0.baseAddress, rowSize, pitch)
    }
  }

  /// Writes the pixels of several rows and zeros behind each. Where rows have no padding, this is one
  /// copy, the fastest there is.
  ///
  /// - Parameters:
  ///   - pixels: `rowSize` bytes for each row, row behind row.
  ///   - rows: Some of its own.
  public mutating func write(_ pixels: Span<UInt8>, rows: Range<Int>) {
    precondition(
      pixels.count == rows.count * rowSize,
      "\(pixels.count) bytes for \(rows.count) rows of \(rowSize)")
    guard rowSize < pitch else { return writeUnpadded(pixels, rows) }
    for (index, row) in rows.enumerated() {
      write(pixels.extracting(index * rowSize..<(index + 1) * rowSize), row: row)
    }
  }

  /// Begins a row that is put together piece by piece. Until it ends nothing else is written.
  ///
  /// - Parameter row: One of `rows`.
  @_lifetime(&self)
  public mutating func row(_ row: Int) -> RowWriter {
    // The row cannot outlive the writer, nor the writer the memory.
    unsafe RowWriter(address(ofRow: row), size: rowSize, pitch: pitch)
  }

  /// Writes some lines of one row, padding included, and leaves the others as they are.
  ///
  /// - Parameters:
  ///   - lines: A bit for each of up to 64 lines side by side, the lowest for the first.
  ///   - bytes: What the first of them is to hold, and so on, as far as a line has a bit.
  ///   - row: One of `rows`.
  ///   - offset: Bytes from the start of the row to the first of them, a multiple of `lineSize`.
  public mutating func write(lines: UInt64, of bytes: Span<UInt8>, row: Int, offset: Int) {
    let size = (64 - lines.leadingZeroBitCount) * Self.lineSize
    precondition(
      offset.isMultiple(of: Self.lineSize) && size <= bytes.count && 0 <= offset
        && offset + size <= pitch,
      "\(bytes.count) bytes at \(offset) are no \(size) of a row of \(pitch)")
    unsafe bytes.withUnsafeBytes {
      unsafe texalloc_stream_marked(address(ofRow: row) + offset, $0.baseAddress, lines)
    }
  }

  /// Fills rows, padding included, with one byte.
  ///
  /// - Parameter rows: Some of its own.
  public mutating func fill(_ rows: Range<Int>, with value: UInt8) {
    guard !rows.isEmpty else { return }
    unsafe texalloc_stream_fill(address(ofRows: rows), value, rows.count * pitch)
  }

  /// Lets a decoder that stores whole lines itself write rows from `first` on, then pads them.
  ///
  /// - Parameter decode: Is given the first byte of the row and the rows left; answers how many it
  ///   has written, each all of its `rowSize` bytes and no more.
  /// - Returns: The rows written.
  @unsafe package mutating func decodeRows<Failure: Error>(
    from first: Int,
    _ decode: (UnsafeMutableRawPointer, Int) throws(Failure) -> Int
  ) throws(Failure) -> Int {
    let left = rows.upperBound - first
    let written = unsafe try decode(address(ofRow: first), left)
    precondition(0 <= written && written <= left, "\(written) rows written of \(left)")
    for row in first..<first + written where rowSize < pitch {
      unsafe texalloc_stream_padding(address(ofRow: row), rowSize, pitch)
    }
    return written
  }

  private mutating func writeUnpadded(_ pixels: Span<UInt8>, _ rows: Range<Int>) {
    guard !rows.isEmpty else { return }
    unsafe pixels.withUnsafeBytes {
      unsafe texalloc_stream_row(address(ofRows: rows), $0.baseAddress, $0.count, $0.count)
    }
  }

  /// Where a row begins that is about to be written.
  mutating func address(ofRow row: Int) -> UnsafeMutableRawPointer {
    precondition(rows.contains(row), "row \(row) is none of the rows \(rows) of the writer")
    if row >= coldRow { makeReady(from: row) }
    return unsafe base + row * pitch
  }

  /// Where rows begin that are about to be written, at least one.
  mutating func address(ofRows rows: Range<Int>) -> UnsafeMutableRawPointer {
    precondition(
      self.rows.contains(rows), "the rows \(rows) are not among the rows \(self.rows) of the writer"
    )
    if rows.upperBound > coldRow { makeReady(from: rows.lowerBound) }
    return unsafe base + rows.lowerBound * pitch
  }

  private mutating func makeReady(from row: Int) {
    let bytes = unsafe UnsafeRawBufferPointer(
      start: base + row * pitch, count: (rows.upperBound - row) * pitch)
    let distance = unsafe owner?.makeReady(bytes)
    coldRow = distance.map { row + max($0 / pitch, 1) } ?? .max
  }
}

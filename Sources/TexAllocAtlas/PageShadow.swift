internal import TexAlloc

/// What a page is to hold, in ordinary memory at the page's own pitch, and which of its lines the
/// page does not hold yet.
struct PageShadow: Sendable {
  private let pixelSize: Int
  private let pitch: Int
  private var bytes: [UInt8]
  private var dirty: DirtyLines
  /// What was marked last, and needs no second time until the next flush.
  private var touched = TexelRectangle(x: 0, y: 0, width: 0, height: 0)
  /// Whether the page holds what some earlier image left there.
  private var isPageForeign = true

  /// All zeros and nothing dirty.
  ///
  /// - Parameter pixelSize: Bytes of a pixel.
  init(pixelSize: Int, pitch: Int, rowCount: Int) {
    self.pixelSize = pixelSize
    self.pitch = pitch
    bytes = Array(repeating: 0, count: pitch * rowCount)
    dirty = DirtyLines(pitch: pitch, rowCount: rowCount)
  }

  /// Empties a rectangle, as everything is that nobody draws in. The page keeps what it shows.
  mutating func erase(_ rectangle: TexelRectangle) {
    let (first, pitch) = (rectangle.y * pitch + rectangle.x * pixelSize, pitch)
    let rowSize = rectangle.width * pixelSize
    var bytes = bytes.mutableSpan
    for y in 0..<rectangle.height {
      var row = bytes.part(first + y * pitch..<first + y * pitch + rowSize)
      row.update(repeating: 0)
    }
  }

  func withBytes<Result>(_ body: (Span<UInt8>, _ pitch: Int) -> Result) -> Result {
    body(bytes.span, pitch)
  }

  /// Its rows without padding.
  ///
  /// - Parameter width: Pixels.
  func pixels(width: Int) -> [UInt8] {
    let rowSize = width * pixelSize
    return stride(from: 0, to: bytes.count, by: pitch).flatMap { bytes[$0..<$0 + rowSize] }
  }

  mutating func draw<Failure: Error>(
    in rectangle: TexelRectangle, _ body: (inout CellPixels) throws(Failure) -> Void
  ) throws(Failure) {
    if !touched.contains(rectangle) { touch(rectangle) }
    let columns = columns(of: rectangle)
    let (pitch, first) = (pitch, rectangle.y * pitch + columns.lowerBound)
    var pixels = CellPixels(
      bytes.mutableSpan, first: first, pitch: pitch, rowSize: columns.count,
      rowCount: rectangle.height)
    try body(&pixels)
  }

  /// Writes the dirty lines to the page, and all others the first time; nil where none is dirty.
  mutating func flush(to page: TextureBuffer) -> AtlasPage.Flush? {
    var rows = dirty.rows
    guard !rows.isEmpty else { return nil }
    var writer = page.writer()
    if isPageForeign {
      rows = 0..<bytes.count / pitch
      for row in rows { write(0..<pitch, ofRow: row, with: &writer) }
    }
    var byteCount = 0
    while let (row, columns) = dirty.popFirst() {
      if !isPageForeign { write(columns, ofRow: row, with: &writer) }
      byteCount += columns.count
    }
    isPageForeign = false
    touched = TexelRectangle(x: 0, y: 0, width: 0, height: 0)
    return AtlasPage.Flush(rows: rows, byteCount: byteCount)
  }

  private func write(_ columns: Range<Int>, ofRow row: Int, with writer: inout PlaneWriter) {
    let start = row * pitch
    writer.write(
      lines: bytes.span.extracting(start + columns.lowerBound..<start + columns.upperBound),
      row: row, offset: columns.lowerBound)
  }

  /// Marks a rectangle dirty.
  mutating func touch(_ rectangle: TexelRectangle) {
    touched = rectangle
    dirty.insert(bytes: columns(of: rectangle), ofRows: rectangle.rows)
  }

  /// The bytes that a rectangle takes in each of its rows.
  private func columns(of rectangle: TexelRectangle) -> Range<Int> {
    rectangle.x * pixelSize..<(rectangle.x + rectangle.width) * pixelSize
  }
}

/// Which lines of a plane have changed since they were last asked for. Numbers only.
struct DirtyLines: Sendable {
  private let linesPerRow: Int
  private let wordsPerRow: Int
  /// A bit for each line, row by row.
  private var words: [UInt64]
  /// Every dirty line lies in one of these rows.
  private(set) var rows = 0..<0

  /// - Parameter pitch: Bytes of a row, a multiple of the line size.
  init(pitch: Int, rowCount: Int) {
    linesPerRow = pitch / PlaneWriter.lineSize
    wordsPerRow = linesPerRow.dividedRoundingUp(by: 64)
    words = Array(repeating: 0, count: wordsPerRow * rowCount)
  }

  /// Marks every line that these bytes of these rows touch.
  mutating func insert(bytes: Range<Int>, ofRows rows: Range<Int>) {
    guard !bytes.isEmpty, !rows.isEmpty else { return }
    let first = bytes.lowerBound / PlaneWriter.lineSize
    let last = (bytes.upperBound - 1) / PlaneWriter.lineSize
    for word in first / 64...last / 64 {
      let mask =
        UInt64.max << UInt64(max(first - word * 64, 0)) & UInt64.max
        >> UInt64(63 - min(last - word * 64, 63))
      var index = rows.lowerBound * wordsPerRow + word
      for _ in rows {
        words[index] |= mask
        index += wordsPerRow
      }
    }
    self.rows = self.rows.isEmpty ? rows : self.rows.union(rows)
  }

  /// The next run of dirty lines, from top to bottom and left to right: its row, and its bytes in the
  /// row. It is forgotten; nil where there is none.
  mutating func popFirst() -> (row: Int, bytes: Range<Int>)? {
    while let row = rows.first {
      for word in 0..<wordsPerRow {
        let index = row * wordsPerRow + word
        guard words[index] != 0 else { continue }
        let start = words[index].trailingZeroBitCount
        let end = start + (~(words[index] >> UInt64(start))).trailingZeroBitCount
        words[index] &= ~(UInt64.max << UInt64(start) & UInt64.max >> UInt64(64 - end))
        let lines = word * 64 + start..<word * 64 + end
        return (
          row,
          lines.lowerBound * PlaneWriter.lineSize..<lines.upperBound * PlaneWriter.lineSize
        )
      }
      rows = row + 1..<rows.upperBound
    }
    return nil
  }
}

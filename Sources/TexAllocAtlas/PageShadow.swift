internal import TexAlloc

/// What a page is to hold, in ordinary memory at the page's own pitch, and which of its lines the
/// page does not hold yet.
@safe final class PageShadow {
  private let pixelSize: Int
  private let pitch: Int
  /// Nobody else's, for as long as this lives.
  @unsafe private let bytes: UnsafeMutableBufferPointer<UInt8>
  private var dirty: DirtyLines
  /// Whether the page holds what some earlier image left there.
  private var isPageForeign = true

  /// All zeros and nothing dirty.
  ///
  /// - Parameter pixelSize: Bytes of a pixel.
  init(pixelSize: Int, pitch: Int, rowCount: Int) {
    self.pixelSize = pixelSize
    self.pitch = pitch
    // Its lines are those of the page.
    let memory = UnsafeMutableRawBufferPointer.allocate(
      byteCount: pitch * rowCount, alignment: PlaneWriter.lineSize)
    unsafe bytes = memory.initializeMemory(as: UInt8.self, repeating: 0)
    dirty = DirtyLines(pitch: pitch, rowCount: rowCount)
  }

  deinit { unsafe UnsafeMutableRawBufferPointer(bytes).deallocate() }

  /// Empties a rectangle, as everything is that nobody draws in. The page keeps what it shows.
  func erase(_ rectangle: TexelRectangle) {
    let columns = columns(of: rectangle)
    for y in rectangle.rows {
      unsafe bytes.extracting(row(columns, y)).update(repeating: 0)
    }
  }

  /// Empties rows, but for some rectangles.
  func erase(_ rows: Range<Int>, around kept: [TexelRectangle]) {
    let kept = kept.sorted { $0.x < $1.x }
    for y in rows {
      var start = 0
      for place in kept where place.rows.contains(y) {
        let columns = columns(of: place)
        unsafe bytes.extracting(row(start..<columns.lowerBound, y)).update(repeating: 0)
        start = columns.upperBound
      }
      unsafe bytes.extracting(row(start..<pitch, y)).update(repeating: 0)
    }
  }

  func withBytes<Result>(_ body: (Span<UInt8>, _ pitch: Int) -> Result) -> Result {
    unsafe body(bytes.span, pitch)
  }

  /// Its rows without padding.
  ///
  /// - Parameter width: Pixels.
  func pixels(width: Int) -> [UInt8] {
    let rowSize = width * pixelSize
    return unsafe stride(from: 0, to: bytes.count, by: pitch).flatMap {
      unsafe bytes[$0..<$0 + rowSize]
    }
  }

  func draw<Failure: Error>(
    in rectangle: TexelRectangle, _ body: (inout CellPixels) throws(Failure) -> Void
  ) throws(Failure) {
    touch(rectangle)
    // This keeps the bytes while the body runs.
    var pixels = unsafe CellPixels(
      bytes.mutableSpan, first: rectangle.y * pitch + rectangle.x * pixelSize, pitch: pitch,
      rowSize: rectangle.width * pixelSize, rowCount: rectangle.height)
    try body(&pixels)
    withExtendedLifetime(self) {}
  }

  /// The bytes of a rectangle that is to be drawn.
  @inline(__always)
  func memory(of rectangle: TexelRectangle) -> CellMemory {
    let first = rectangle.y * pitch + rectangle.x * pixelSize
    let last = first + (rectangle.height - 1) * pitch + rectangle.width * pixelSize
    guard 0 <= first, first < last, unsafe last <= bytes.count,
      let start = unsafe bytes.baseAddress
    else { preconditionFailure("\(rectangle) is not on the page") }
    return unsafe CellMemory(start: start + first, pitch: pitch)
  }

  /// Writes the dirty lines to the page, and all others the first time; nil where none is dirty.
  func flush(to page: TextureBuffer) -> AtlasPage.Flush? {
    var rows = dirty.rows
    guard !rows.isEmpty else { return nil }
    var writer = page.writer()
    if isPageForeign {
      rows = writer.rows
      for row in rows {
        writer.write(unsafe bytes.span.extracting(self.row(0..<writer.rowSize, row)), row: row)
      }
    }
    var lineCount = 0
    dirty.removeAll { row, offset, lines in
      if !isPageForeign {
        let rest = unsafe bytes.span.extracting(self.row(offset..<pitch, row))
        writer.write(lines: lines, of: rest, row: row, offset: offset)
      }
      lineCount += lines.nonzeroBitCount
    }
    isPageForeign = false
    return AtlasPage.Flush(rows: rows, byteCount: lineCount * PlaneWriter.lineSize)
  }

  /// Has the next flush write a rectangle.
  func touch(_ rectangle: TexelRectangle) {
    dirty.insert(bytes: columns(of: rectangle), ofRows: rectangle.rows)
  }

  /// The bytes that a rectangle takes in each of its rows.
  private func columns(of rectangle: TexelRectangle) -> Range<Int> {
    rectangle.x * pixelSize..<(rectangle.x + rectangle.width) * pixelSize
  }

  /// Bytes of a row, in the page.
  private func row(_ columns: Range<Int>, _ row: Int) -> Range<Int> {
    row * pitch + columns.lowerBound..<row * pitch + columns.upperBound
  }
}

/// Which lines of a plane have changed since they were last asked for. Numbers only.
struct DirtyLines: Sendable {
  private let rowCount: Int
  private let wordsPerRow: Int
  /// A bit for each line: for 64 lines side by side all rows, then for the next 64, so that what a glyph
  /// touches lies together.
  private var words: [UInt64]
  /// Every dirty line lies in one of these rows.
  private(set) var rows = 0..<0

  /// - Parameter pitch: Bytes of a row, a multiple of the line size.
  init(pitch: Int, rowCount: Int) {
    self.rowCount = rowCount
    wordsPerRow = (pitch / PlaneWriter.lineSize).dividedRoundingUp(by: 64)
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
      let start = word * rowCount
      var words = words.mutableSpan
      var touched = words.part(start + rows.lowerBound..<start + rows.upperBound)
      for row in touched.indices { touched[row] |= mask }
    }
    self.rows = self.rows.isEmpty ? rows : self.rows.union(rows)
  }

  /// Forgets all dirty lines. They are handed out from top to bottom and left to right: a row, bytes from its
  /// start to one of its lines, and a bit for that line and each of those beside it.
  mutating func removeAll(_ body: (_ row: Int, _ offset: Int, _ lines: UInt64) -> Void) {
    let (dirtyRows, wordsPerRow, rowCount) = (rows, wordsPerRow, rowCount)
    rows = 0..<0
    var words = words.mutableSpan
    for row in dirtyRows {
      for word in 0..<wordsPerRow {
        let lines = words[word * rowCount + row]
        if lines == 0 { continue }
        words[word * rowCount + row] = 0
        body(row, word * 64 * PlaneWriter.lineSize, lines)
      }
    }
  }
}

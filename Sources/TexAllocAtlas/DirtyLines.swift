internal import TexAlloc

/// Which lines of a plane have changed since they were last asked for. Numbers only.
struct DirtyLines: Sendable {
  private let linesPerRow: Int
  /// One for each line, row by row.
  private var isDirty: [Bool]
  /// Every dirty line lies in one of these rows.
  private(set) var rows = 0..<0

  /// - Parameter pitch: Bytes of a row, a multiple of the line size.
  init(pitch: Int, rowCount: Int) {
    linesPerRow = pitch / PlaneWriter.lineSize
    isDirty = Array(repeating: false, count: linesPerRow * rowCount)
  }

  /// Marks every line that these bytes of these rows touch.
  mutating func insert(bytes: Range<Int>, ofRows rows: Range<Int>) {
    guard !bytes.isEmpty, !rows.isEmpty else { return }
    let lines =
      bytes.lowerBound
      / PlaneWriter.lineSize..<bytes.upperBound.dividedRoundingUp(by: PlaneWriter.lineSize)
    for row in rows {
      for line in lines { isDirty[row * linesPerRow + line] = true }
    }
    self.rows =
      self.rows.isEmpty
      ? rows
      : min(self.rows.lowerBound, rows.lowerBound)..<max(self.rows.upperBound, rows.upperBound)
  }

  /// The next run of dirty lines, from top to bottom and left to right: its row, and its bytes in the
  /// row. It is forgotten; nil where there is none.
  mutating func popFirst() -> (row: Int, bytes: Range<Int>)? {
    while let row = rows.first {
      let lines = row * linesPerRow..<(row + 1) * linesPerRow
      guard let start = isDirty[lines].firstIndex(of: true) else {
        rows = row + 1..<rows.upperBound
        continue
      }
      let end = isDirty[start..<lines.upperBound].firstIndex(of: false) ?? lines.upperBound
      for line in start..<end { isDirty[line] = false }
      return (
        row,
        (start - lines.lowerBound) * PlaneWriter.lineSize..<(end - lines.lowerBound)
          * PlaneWriter.lineSize
      )
    }
    return nil
  }
}

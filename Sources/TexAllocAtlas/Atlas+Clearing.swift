package import TexAlloc

/// Some rows of a page of an ``Atlas``.
package struct AtlasRows: Equatable, Sendable {
  package let page: Int
  package let rows: Range<Int>

  package init(page: Int, rows: Range<Int>) {
    self.page = page
    self.rows = rows
  }

  /// The first of them.
  package func prefix(_ count: Int) -> AtlasRows {
    AtlasRows(page: page, rows: rows.prefix(count))
  }
}

extension Atlas {
  /// The rows whose turn it is where pages are filled round and round: those behind others, or the first of the
  /// next page. nil where there is no page.
  ///
  /// - Parameters:
  ///   - count: How many are wanted. There are fewer where the page ends.
  ///   - rows: The others; where nil, those that were filled last.
  package func rowsInTurn(_ count: Int, after rows: AtlasRows? = nil) -> AtlasRows? {
    guard let first = pages.first, let last = page(rows?.page ?? current) ?? pages.last else {
      return nil
    }
    let end = rows?.rows.upperBound ?? last.end
    let isOver = end >= last.size.height
    let page = isOver ? pages.first { $0.number > last.number } ?? first : last
    let start = isOver ? 0 : end
    // What is left behind them is no use alone.
    let isLast = start + count * 3 / 2 >= page.size.height
    return AtlasRows(
      page: page.number, rows: start..<(isLast ? page.size.height : start + count))
  }

  /// Pixels of some rows.
  package func area(of rows: AtlasRows) -> Int {
    (page(rows.page)?.size.width ?? 0) * rows.rows.count
  }

  /// Pixels of cells, borders included.
  package func area(of cells: [AtlasCell]) -> Int { places(of: cells).reduce(0) { $0 + $1.area } }

  /// Whether there would be room in some rows if they were cleared, above what stays not counted.
  ///
  /// - Parameters:
  ///   - size: Pixels of a cell, its borders among them.
  ///   - kept: Cells that stay.
  package func fits(_ size: ImageSize, in rows: AtlasRows, around kept: [AtlasCell]) -> Bool {
    page(rows.page)?.fits(size, in: rows.rows, around: places(of: kept)) ?? false
  }

  /// Takes places of cells back that touch some rows, borders included, for what comes next: more quickly than
  /// one by one, and with room for anything that ``fits(_:in:around:)``. No cell may wait for a fence.
  ///
  /// - Parameters:
  ///   - cells: Those that go.
  ///   - kept: All others that touch the rows.
  package func clear(_ rows: AtlasRows, of cells: [AtlasCell], around kept: [AtlasCell]) {
    guard let page = page(rows.page) else { preconditionFailure("\(rows) are of no page") }
    page.clear(rows.rows, of: places(of: cells), around: places(of: kept))
    (latest, current) = (rows.page, rows.page)
  }

  private func places(of cells: [AtlasCell]) -> [TexelRectangle] {
    cells.map { $0.rectangle.inset(by: -border) }
  }
}

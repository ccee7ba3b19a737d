package import TexAlloc

/// Some rows of a page of an ``Atlas``.
package struct AtlasRows: Equatable, Sendable {
  package let page: Int
  package let rows: Range<Int>

  package init(page: Int, rows: Range<Int>) {
    self.page = page
    self.rows = rows
  }
}

extension Atlas {
  /// The rows whose turn it is where pages are filled round and round: those behind what came last, or the
  /// first of the next page. nil where a page is smaller than what is wanted.
  ///
  /// - Parameter size: What is wanted. There are fewer rows where the page ends.
  package func rowsInTurn(_ size: ImageSize) -> AtlasRows? {
    guard let first = pages.first, let current = page(current) ?? pages.last else { return nil }
    let isOver = current.end >= current.size.height
    let page = isOver ? pages.first { $0.number > current.number } ?? first : current
    guard page.size.width >= size.width, page.size.height >= size.height else { return nil }
    let start = isOver ? 0 : page.end
    // What is left behind them is no use alone.
    let isLast = start + size.height * 3 / 2 >= page.size.height
    let end = isLast ? page.size.height : start + size.height
    return AtlasRows(page: page.number, rows: start..<end)
  }

  /// Takes the places of all cells back that touch some rows, borders included, for what comes next: more
  /// quickly than one by one, and with room for anything of the rows' size.
  ///
  /// - Parameter cells: All of them.
  package func clear(_ rows: AtlasRows, of cells: [AtlasCell]) {
    guard let page = page(rows.page) else { preconditionFailure("\(rows) are of no page") }
    page.clear(rows.rows, of: cells.map { $0.rectangle.inset(by: -border) })
    (latest, current) = (rows.page, rows.page)
  }
}

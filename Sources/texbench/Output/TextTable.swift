/// Columns for a person: figures to the right, the last column, words, to the left.
struct TextTable {
  private let header: [String]
  private var rows: [[String]] = []

  init(header: [String]) { self.header = header }

  init(_ header: String...) { self.init(header: header) }

  /// - Parameter cells: As many as the header has.
  mutating func add(_ cells: [String]) {
    precondition(cells.count == header.count)
    rows.append(cells)
  }

  /// Columns without any figure are left out.
  var lines: [String] {
    let used = header.indices.filter { column in rows.contains { !$0[column].isEmpty } }
    let all = [header] + rows
    let widths = used.map { column in all.map { $0[column].count }.max() ?? 0 }
    return all.map { cells in
      zip(used, widths).map { column, width in
        let space = String(repeating: " ", count: width - cells[column].count)
        return column == header.count - 1 ? cells[column] : space + cells[column]
      }.joined(separator: "  ")
    }
  }
}

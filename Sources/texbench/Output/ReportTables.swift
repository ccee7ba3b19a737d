internal import Foundation

/// The figures of a report as tables, for a README or another text.
struct ReportTables {
  enum Choice {
    /// Of the comparisons that a reader sees first, the limit, its rival and what is ours.
    case main
    case all
  }

  static let begin = "<!-- texbench: what follows is written by `make readme` -->"
  static let end = "<!-- texbench: end -->"

  private let report: Report
  private let choice: Choice

  init(_ report: Report, _ choice: Choice) {
    self.report = report
    self.choice = choice
  }

  /// The text with what stands between the marks replaced; nil where it lacks them.
  func replaced(in text: String) -> String? {
    guard let begin = text.range(of: Self.begin), let end = text.range(of: Self.end),
      begin.upperBound <= end.lowerBound
    else { return nil }
    return text[..<begin.upperBound] + "\n\n\(markdown)\n" + text[end.lowerBound...]
  }

  private var markdown: String {
    let environment = report.environment
    let machine =
      "\(environment.processor), \(environment.cores) cores"
      + (environment.hypervisor.map { ", guest of \($0)" } ?? "")
    var lines = [
      "\(report.date.prefix(10)), \(machine), Linux \(environment.kernel),"
        + " \(environment.graphics ?? "no GPU") (\(environment.renderer ?? "")),"
        + " \(environment.loads):", "",
    ]
    for doubt in environment.doubts { lines += ["**! \(doubt)**", ""] }
    for section in report.sections {
      for table in tables(of: section) { lines += Self.lines(of: table) + [""] }
    }
    return lines.joined(separator: "\n")
  }

  /// Comparisons of the same routes, four at most, as wide as a page; growth is for the plot.
  private func tables(of section: Section) -> [[RaceResult]] {
    var tables: [[RaceResult]] = []
    for comparison in section.comparisons where comparison.axis == nil {
      if choice == .main, !comparison.isMain { continue }
      let shown = choice == .main ? comparison.shortened : comparison
      let place = tables.lastIndex {
        $0.count < 4 && $0[0].item == shown.item && $0[0].measuredRoutes == shown.measuredRoutes
      }
      if let place { tables[place].append(shown) } else { tables.append([shown]) }
    }
    return tables
  }

  private static func lines(of table: [RaceResult]) -> [String] {
    let head = "| \(table[0].clock.rawValue) time of one \(table[0].item), as a ratio |"
    return [head + table.map { " \($0.title) |" }.joined()]
      + ["|---|" + table.map { _ in "---|" }.joined()]
      + rows(of: table).map { row($0, of: $0, in: table) { $0.ratioCell } } + gainRows(of: table)
  }

  /// How many times faster this library's routes are than the rival.
  private static func gainRows(of table: [RaceResult]) -> [String] {
    guard let rival = table[0].rival else { return [] }
    return table[0].routes.filter { $0.isOurs && $0.model == nil }.map(\.name).map { name in
      row("\(name): times faster than \(rival)", of: name, in: table) { $0.gainCell }
    }
  }

  private static func row(
    _ title: String, of name: String, in table: [RaceResult], cell: (RouteResult) -> String
  ) -> String {
    let routes = table.map { $0.routes.first { $0.name == name } }
    let mark = routes.contains { $0?.isOurs ?? false } ? "**" : ""
    // Which device it is says the head of the table, or what was said of the machine.
    let title = title.replacing(/vulkan:[0-9a-f]{32}/, with: "vulkan")
    return "| \(mark)\(title)\(mark) |" + routes.map { " \($0.map(cell) ?? "") |" }.joined()
  }

  /// The names of all routes, those that are modelled behind those that were measured.
  private static func rows(of table: [RaceResult]) -> [String] {
    table[0].measuredRoutes
      + table.flatMap(\.routes).filter { $0.model != nil }.map(\.name).reduce(into: []) {
        if !$0.contains($1) { $0.append($1) }
      }
  }
}

extension RouteResult {
  fileprivate var ratioCell: String {
    cell(ratio, goal: goal?.ratio) { $0.median <= $1 } + (faults.map { ", \($0) faults" } ?? "")
  }

  /// Where it writes to pages that were not there yet, how many; a few are nobody's fault.
  private var faults: String? {
    pageFaults.flatMap { $0 < 100 ? nil : Int($0).grouped }
  }

  fileprivate var gainCell: String {
    gain.map { cell($0, goal: goal?.gain) { $0.median >= $1 } } ?? ""
  }

  /// A figure with its doubts, and what it was to be.
  private func cell(
    _ estimate: RatioEstimate, goal: Double?, isMet: (RatioEstimate, Double) -> Bool
  ) -> String {
    let mark = isOurs ? "**" : ""
    let isCertain = isSteady && estimate.width <= Effort.steadyWidth
    let figure =
      estimate.median.text(goal == nil ? 2 : 3) + (isCertain ? "" : " ~")
      + (warning == nil ? "" : " !")
    let note = goal.map { " (goal \($0.text(2))\(isMet(estimate, $0) ? "" : ": missed"))" }
    return "\(mark)\(figure)\(mark)\(note ?? "")"
  }
}

extension RaceResult {
  fileprivate var measuredRoutes: [String] { routes.filter { $0.model == nil }.map(\.name) }

  /// The limit, its rival and what is ours.
  fileprivate var shortened: RaceResult {
    var short = self
    short.routes.removeAll {
      $0.model != nil || !$0.isOurs && $0.name != limit && $0.name != rival
    }
    return short
  }
}

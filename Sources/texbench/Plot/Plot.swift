internal import Foundation
internal import ProgramSupport
internal import SystemPackage

/// A report as a picture: the routes of each comparison as bars, and growth as curves, in two columns.
struct Plot {
  private let report: Report

  init(_ report: Report) { self.report = report }

  private static let (margin, column, gap) = (32.0, 810.0, 56.0)
  private static let width = 2 * margin + 2 * column + gap

  var svg: String {
    var drawing = Drawing()
    var y = drawHead(on: &drawing)
    for section in report.sections {
      let panels = Self.panels(of: section)
      guard !panels.isEmpty else { continue }
      y = drawTitle(of: section, on: &drawing, y: y + 12)
      for start in stride(from: 0, to: panels.count, by: 2) {
        let pair = panels[start..<min(start + 2, panels.count)]
        for (index, panel) in pair.enumerated() {
          panel.draw(
            on: &drawing, x: Self.margin + Double(index) * (Self.column + Self.gap), y: y,
            width: Self.column)
        }
        y += (pair.map(\.height).max() ?? 0) + 18
      }
    }
    y = drawNotes(on: &drawing, y: y)
    return drawing.svg(width: Self.width, height: y + Self.margin)
  }

  private static func panels(of section: Section) -> [any Panel] {
    let bars = section.comparisons.filter { $0.axis == nil }.map(BarPanel.init)
    let curves = section.comparisons.filter { $0.axis != nil }.map(GrowthPanel.init)
    let shares = section.figures.filter { $0.unit == .percent }
    let titles = shares.map(\.title).reduce(into: [String]()) { titles, title in
      if !titles.contains(title) { titles.append(title) }
    }
    return bars as [any Panel] + curves
      + titles.map { title in FigurePanel(figures: shares.filter { $0.title == title }) }
  }

  private func drawHead(on drawing: inout Drawing) -> Double {
    var y = Self.margin + 18
    drawing.text(
      "texbench: what uploading costs, and what texture memory saves", x: Self.margin, y: y,
      size: 22,
      .strong, bold: true)
    y += 8
    for line in ["\(report.date), \(report.effort.rawValue)"] + report.environment.lines {
      y += 17
      drawing.text(line, x: Self.margin, y: y, size: 11.5, line.hasPrefix("!") ? .warning : .normal)
    }
    y += 26
    return drawLegend(on: &drawing, y: y)
  }

  private func drawLegend(on drawing: inout Drawing, y: Double) -> Double {
    var x = Self.margin
    let colours =
      StageColours.compared.map { ($0.rawValue, StageColours.fill(of: $0)) }
      + [("modelled", "url(#modelled)")]
    for (words, fill) in colours {
      drawing.rectangle(x: x, y: y - 11, width: 13, height: 13, fill: fill)
      drawing.text(words, x: x + 19, y: y)
      x += 100
    }
    drawing.line(from: (x, y - 12), to: (x, y + 3), .strong, dashed: true)
    drawing.text(
      "the limit; bold: TexAlloc; whiskers: interval; ~: wider than 3 %, or of few pairs", x: x + 8,
      y: y)
    return y + 12
  }

  private func drawTitle(of section: Section, on drawing: inout Drawing, y: Double) -> Double {
    drawing.line(from: (Self.margin, y), to: (Self.width - Self.margin, y), .grid)
    drawing.text(section.name, x: Self.margin, y: y + 30, size: 18, .strong, bold: true)
    drawing.text(
      section.abstract, x: Self.width - Self.margin, y: y + 30, size: 12, .faint, anchor: .end)
    return y + 50
  }

  /// What the marks behind the names of routes stand for.
  private func drawNotes(on drawing: inout Drawing, y: Double) -> Double {
    let warnings = Set(
      report.sections.flatMap(\.comparisons).flatMap(\.routes).compactMap(\.warning))
    var y = y
    for warning in warnings.sorted() {
      y += 16
      drawing.text("! \(warning)", x: Self.margin, y: y, .warning)
    }
    return y
  }
}

/// Where a plot goes.
struct PlotFile {
  private let path: String
  private let isPNG: Bool

  /// nil for a name that ends in neither .svg nor .png.
  init?(_ path: String) {
    guard [".svg", ".png"].contains(where: path.hasSuffix) else { return nil }
    self.path = path
    isPNG = path.hasSuffix(".png")
  }

  /// Librsvg makes the PNG, by its program.
  func write(_ svg: String) throws {
    guard isPNG else { return try TextFile.write(svg, to: FilePath(path)) }
    let source = FileManager.default.temporaryDirectory.appending(path: "\(UUID()).svg")
    try svg.write(to: source, atomically: false, encoding: .utf8)
    defer { try? FileManager.default.removeItem(at: source) }
    let process = Process()
    process.executableURL = URL(filePath: "/usr/bin/env")
    process.arguments = ["rsvg-convert", "--zoom", "2", "--output", path, source.path]
    process.standardError = FileHandle.nullDevice
    try process.run()
    process.waitUntilExit()
    guard process.terminationStatus == 0 else {
      throw ProgramFailure("\(path): rsvg-convert of librsvg2-bin could not write it")
    }
  }
}

/// A part of a plot, as wide as a column.
protocol Panel {
  var height: Double { get }

  /// - Parameters:
  ///   - x: Of the left edge.
  ///   - y: Of the upper edge.
  func draw(on drawing: inout Drawing, x: Double, y: Double, width: Double)
}

internal import ProgramSupport
/// The routes of one comparison as bars: as long as their ratios, cut into the stages that they are
/// made of, with the interval at the end.
struct BarPanel: Panel {
  let comparison: RaceResult

  private static let (head, row, bar, labels) = (56.0, 25.0, 13.0, 424.0)
  /// Bars end here that are longer, so that those are told apart that matter.
  private static let cut = 1.6

  var height: Double { Self.head + Self.row * Double(comparison.routes.count) + 14 }

  func draw(on drawing: inout Drawing, x: Double, y: Double, width: Double) {
    let (left, right) = (x + Self.labels, x + width - 96)
    let longest = min(Self.cut, max(1, comparison.routes.map(\.ratio.high).max() ?? 1))
    let scale = (right - left) / longest
    let bottom = y + Self.head + Self.row * Double(comparison.routes.count)

    drawing.text(comparison.title, x: x, y: y + 16, size: 14, .strong, bold: true)
    let unit = comparison.limitResult.flatMap { $0.median(comparison.clock)?.time } ?? ""
    drawing.text(
      "\(comparison.clock.rawValue) time of one \(comparison.item); 1 is \(unit)", x: x, y: y + 34,
      size: 11, .faint)
    drawing.text("ratio", x: x + width - 88, y: y + 48, size: 10, .faint)
    if comparison.rival != nil {
      drawing.text("gain", x: x + width, y: y + 48, size: 10, .faint, anchor: .end)
    }
    for (index, route) in comparison.routes.enumerated() {
      let top = y + Self.head + Self.row * Double(index)
      label(route, on: &drawing, x: left - 10, y: top + 12)
      bar(of: route, on: &drawing, x: left, y: top + 1, scale: scale)
      figures(of: route, on: &drawing, x: x + width, y: top + 12)
    }
    drawing.line(
      from: (left + scale, y + Self.head - 6), to: (left + scale, bottom), .strong, dashed: true)
  }

  private func label(_ route: RouteResult, on drawing: inout Drawing, x: Double, y: Double) {
    let mark = route.warning == nil ? "" : " !"
    drawing.text(
      route.name + mark, x: x, y: y, size: 11, route.isOurs ? .strong : .normal,
      bold: route.isOurs, anchor: .end)
  }

  private func bar(
    of route: RouteResult, on drawing: inout Drawing, x: Double, y: Double, scale: Double
  ) {
    var x = x
    let start = x
    let end = start + Self.cut * scale
    for part in parts(of: route) {
      let width = part.share * route.ratio.median * scale
      drawing.rectangle(
        x: x, y: y, width: min(width, end - x), height: Self.bar, fill: part.fill,
        tooltip: part.tooltip)
      x += width
    }
    if route.ratio.high > Self.cut {
      let middle = y + Self.bar / 2
      drawing.arrow(x: end + 5, y: middle)
      return
    }
    guard route.name != comparison.limit else { return }
    let (low, high) = (start + route.ratio.low * scale, start + route.ratio.high * scale)
    let middle = y + Self.bar / 2
    drawing.line(from: (low, middle), to: (high, middle), .strong)
    for end in [low, high] { drawing.line(from: (end, middle - 3), to: (end, middle + 3), .strong) }
  }

  private func figures(of route: RouteResult, on drawing: inout Drawing, x: Double, y: Double) {
    let doubt = route.isSteady ? "" : " ~"
    drawing.text(
      route.ratio.median.text(2) + doubt, x: x - 88, y: y, size: 11, .strong, bold: route.isOurs)
    if let gain = route.gain {
      drawing.text("\(gain.median.text(2))×", x: x, y: y, size: 11, .normal, anchor: .end)
    }
  }

  private struct Part {
    let share: Double
    let fill, tooltip: String
  }

  /// What a bar is made of; shares add up to 1.
  private func parts(of route: RouteResult) -> [Part] {
    if route.model != nil { return [Part(share: 1, fill: "url(#modelled)", tooltip: "modelled")] }
    let stages = route.stages.filter { StageColours.compared.contains($0.stage) }
    let sum = stages.reduce(0) { $0 + $1.cost[comparison.clock] }
    guard stages.count > 0, sum > 0 else {
      return [Part(share: 1, fill: StageColours.whole(isOurs: route.isOurs), tooltip: route.name)]
    }
    return stages.map {
      let cost = $0.cost[comparison.clock]
      return Part(
        share: cost / sum, fill: StageColours.fill(of: $0.stage),
        tooltip: "\($0.stage.rawValue): \(cost.time)")
    }
  }
}

/// Figures of one title, as bars: shares of a whole, in percent.
struct FigurePanel: Panel {
  let figures: [Figure]

  private static let (head, row, labels) = (36.0, 25.0, 424.0)

  var height: Double { Self.head + Self.row * Double(figures.count) + 14 }

  func draw(on drawing: inout Drawing, x: Double, y: Double, width: Double) {
    drawing.text(figures.first?.title ?? "", x: x, y: y + 16, size: 14, .strong, bold: true)
    let left = x + Self.labels
    let full = width - Self.labels - 96
    for (index, figure) in figures.enumerated() {
      let top = y + Self.head + Self.row * Double(index)
      drawing.text(figure.name, x: left - 10, y: top + 12, size: 11, anchor: .end)
      drawing.rectangle(x: left, y: top + 1, width: full, height: 13, fill: "#eef1f4")
      drawing.rectangle(
        x: left, y: top + 1, width: full * max(0, min(1, figure.value / 100)), height: 13,
        fill: StageColours.whole(isOurs: true), tooltip: figure.note)
      drawing.text(figure.text, x: x + width - 88, y: top + 12, size: 11, .strong)
    }
  }
}

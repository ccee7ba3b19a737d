internal import ProgramSupport
internal import Glibc

/// What an item costs as the work grows: a curve over powers of ten.
struct GrowthPanel: Panel {
  let comparison: RaceResult

  let height = 250.0
  private static let (head, foot, side) = (50.0, 42.0, 62.0)

  func draw(on drawing: inout Drawing, x: Double, y: Double, width: Double) {
    let mark = comparison.routes.contains { $0.warning != nil } ? " !" : ""
    drawing.text(comparison.title + mark, x: x, y: y + 16, size: 14, .strong, bold: true)
    drawing.text(
      "\(comparison.clock.rawValue) time of one \(comparison.item)", x: x, y: y + 34, size: 11,
      .faint)
    guard let unit = comparison.limitResult?.median(comparison.clock) else { return }
    let points = comparison.routes.compactMap { route in
      route.position.map { Point(route, at: $0, unit: unit) }
    }
    guard let first = points.first, let last = points.last else { return }
    let (left, right) = (x + Self.side, x + width - 30)
    let (top, bottom) = (y + Self.head, y + height - Self.foot)
    let step = Self.step(for: points.map(\.high).max() ?? unit)
    let highest = ((points.map(\.high).max() ?? unit) / step).rounded(.up) * step
    func across(_ point: Point) -> Double {
      guard last.position > first.position else { return (left + right) / 2 }
      let share =
        log(Double(point.position) / Double(first.position))
        / log(Double(last.position) / Double(first.position))
      return left + share * (right - left)
    }
    func down(_ cost: Double) -> Double { bottom - cost / highest * (bottom - top) }

    for tick in 0...Int((highest / step).rounded()) {
      let cost = Double(tick) * step
      drawing.line(from: (left, down(cost)), to: (right, down(cost)), tick == 0 ? .faint : .grid)
      drawing.text(
        tick == 0 ? "0" : cost.time, x: left - 8, y: down(cost) + 4, size: 10, .faint, anchor: .end)
    }
    drawing.curve(points.map { (across($0), down($0.cost)) }, .accent)
    for point in points {
      let place = across(point)
      drawing.line(from: (place, down(point.low)), to: (place, down(point.high)), .accent)
      drawing.dot(x: place, y: down(point.cost), .accent, tooltip: point.cost.time)
      drawing.text(
        point.position.grouped, x: place, y: bottom + 16, size: 10, .normal, anchor: .middle)
    }
    drawing.text(
      comparison.axis ?? "", x: (left + right) / 2, y: bottom + 32, size: 11, .faint,
      anchor: .middle)
  }

  private struct Point {
    let position: Int
    let cost, low, high: Double

    init(_ route: RouteResult, at position: Int, unit: Double) {
      self.position = position
      cost = route.ratio.median * unit
      low = route.ratio.low * unit
      high = route.ratio.high * unit
    }
  }

  /// 1, 2 or 5 times a power of ten: three to seven of them make the highest.
  private static func step(for highest: Double) -> Double {
    let power = pow(10, log10(highest / 4).rounded(.down))
    let share = highest / 4 / power
    return power * (share < 1.5 ? 1 : share < 3.5 ? 2 : share < 7.5 ? 5 : 10)
  }
}

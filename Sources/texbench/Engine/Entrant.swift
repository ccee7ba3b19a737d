internal import CTexbench
internal import ProgramSupport

/// A route that is ready, and what its turns took.
final class Entrant {
  let route: Route
  /// Of pairs of turns, for one item.
  private(set) var costs: [Cost] = []
  private(set) var stages: [Stage: [Cost]] = [:]
  /// Of each turn.
  private(set) var faults: [Double] = []
  /// KiB that the process holds more than before the route was made.
  private(set) var memory: Int?
  private var turn: Route.Turn?
  private var half: Cost?

  /// Prepares the route and has it take one turn, which does not count.
  init(_ route: Route, looksAtMemory: Bool) throws {
    self.route = route
    guard looksAtMemory else {
      try prepare()
      return
    }
    malloc_trim(0)  // what others have freed would hide what this one takes
    let before = ProcessFootprint.now().proportionalKiB
    turn = try route.prepare()
    var after = before
    _ = try time(Stopwatch { after = ProcessFootprint.now().proportionalKiB })
    memory = after - before
  }

  /// Gives up what its turns need.
  func retire() { turn = nil }

  /// Prepares the route anew, in memory that may lie elsewhere.
  func prepare() throws {
    turn = try route.prepare()
    _ = try time(Stopwatch())
  }

  /// One turn; each second one completes a pair.
  func takeTurn() throws {
    let watch = try time(Stopwatch())
    let items = Double(route.items)
    for (stage, cost) in watch.stages { stages[stage, default: []].append(cost / items) }
    faults.append(Double(watch.faults))
    if let first = half {
      costs.append((first + watch.total) / (2 * items))
      half = nil
    } else {
      half = watch.total
    }
  }

  /// The ratios of its pairs to those of another.
  func ratios(to other: Entrant, _ clock: Clock) -> [Double] {
    zip(costs, other.costs).map { $0[clock] / $1[clock] }
  }

  func median(_ clock: Clock) -> Double { Quartiles(costs.map { $0[clock] }).median }

  private func time(_ watch: consuming Stopwatch) throws -> Stopwatch {
    var watch = watch
    guard let turn else { preconditionFailure("\(route.name) was retired") }
    try turn(&watch)
    if !watch.isFinished { watch.finish() }
    return watch
  }
}

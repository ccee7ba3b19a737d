internal import CTexbench
internal import ProgramSupport

/// A route that is ready, and what its turns took.
final class Entrant {
  let route: Route
  /// Of pairs of turns, for one item, in each heat.
  private var heats: [[Cost]] = []
  private(set) var stages: [Stage: [Cost]] = [:]
  /// Of each turn.
  private(set) var faults: [Double] = []
  /// KiB that the process holds more than before the route was made.
  private(set) var memory: Int?
  private var turn: Route.Turn?
  private var half: Cost?
  /// Nanoseconds that its latest turn took.
  private var latest = 0.0
  /// Nanoseconds of a turn in which the state of the caches does not show.
  private static let longTurn = 20e6

  /// Prepares the route and has it take one turn, which does not count.
  init(_ route: Route, looksAtMemory: Bool) throws {
    self.route = route
    guard looksAtMemory else {
      try prepare()
      return
    }
    malloc_trim(0)  // what others have freed would hide what this one takes
    let before = ProcessFootprint.now().proportionalKiB
    var after = before
    try prepare(warmingUpWith: Stopwatch { after = ProcessFootprint.now().proportionalKiB })
    memory = after - before
  }

  /// Gives up what its turns need.
  func retire() { turn = nil }

  /// Prepares the route for a heat, in memory that may lie elsewhere than in the one before.
  func prepare(warmingUpWith watch: Stopwatch = Stopwatch()) throws {
    turn = try route.prepare()
    _ = try time(watch)
    heats.append([])
  }

  /// Of all pairs of turns, for one item.
  var costs: [Cost] { Array(heats.joined()) }

  /// One turn; each second one completes a pair.
  ///
  /// A short one is taken twice, and the second counts: what those before have pushed out of the caches,
  /// code above all, is not what is compared.
  func takeTurn() throws {
    if latest < Self.longTurn { _ = try time(Stopwatch()) }
    let watch = try time(Stopwatch())
    let items = Double(route.items)
    for (stage, cost) in watch.stages { stages[stage, default: []].append(cost / items) }
    faults.append(Double(watch.faults))
    if let first = half {
      heats[heats.count - 1].append((first + watch.total) / (2 * items))
      half = nil
    } else {
      half = watch.total
    }
  }

  /// What its pairs take in ratio to those of another.
  func ratio(to other: Entrant, _ clock: Clock) -> RatioEstimate {
    RatioEstimate(
      zip(heats, other.heats).map { heat, others in
        zip(heat, others).map { $0[clock] / $1[clock] }
      })
  }

  /// Whether that ratio can be relied on.
  func isSteady(beside other: Entrant, _ clock: Clock) -> Bool {
    self === other
      || costs.count >= RatioEstimate.surePairs
        && ratio(to: other, clock).width <= Effort.steadyWidth
  }

  func median(_ clock: Clock) -> Double { Quartiles(costs.map { $0[clock] }).median }

  private func time(_ watch: consuming Stopwatch) throws -> Stopwatch {
    var watch = watch
    guard let turn else { preconditionFailure("\(route.name) was retired") }
    try turn(&watch)
    if !watch.isFinished { watch.finish() }
    latest = watch.total.wall
    return watch
  }
}

extension RouteResult {
  init(of entrant: Entrant, by clock: Clock, limit: Entrant, rival: Entrant?) {
    name = entrant.route.name
    position = entrant.route.position
    isOurs = entrant.route.isOurs
    warning = entrant.route.warning
    cpu = Quartiles(entrant.costs.map(\.cpu))
    wall = Quartiles(entrant.costs.map(\.wall))
    ratio = entrant.ratio(to: limit, clock)
    gain = rival.map { $0.ratio(to: entrant, clock) }
    goal = entrant.route.goal
    isSteady = entrant.isSteady(beside: limit, clock)
    pairs = entrant.costs.count
    pageFaults = Quartiles(entrant.faults).median
    memory = entrant.memory
    stages = Stage.allCases.compactMap { stage in
      entrant.stages[stage].map { costs in
        StageResult(
          stage: stage,
          cost: Cost(
            cpu: Quartiles(costs.map(\.cpu)).median, wall: Quartiles(costs.map(\.wall)).median))
      }
    }
  }
}

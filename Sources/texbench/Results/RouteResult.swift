internal import TexAllocAudit

/// What one route of a comparison took for an item.
struct RouteResult: Codable {
  let name: String
  /// Where along the axis of a growth it stands.
  var position: Int?
  /// Whether it is this library's.
  let isOurs: Bool
  /// Nanoseconds; nil for a route that is modelled.
  var cpu, wall: Quartiles?
  /// To the limit.
  let ratio: RatioEstimate
  /// How many times faster it is than the rival.
  var gain: RatioEstimate?
  var goal: Goal?
  /// Whether there were pairs enough, and the interval of the ratio is narrow enough.
  let isSteady: Bool
  /// Pairs of turns.
  let pairs: Int
  /// Median of a turn.
  var pageFaults: Double?
  /// KiB that the process held more at the end of a turn than before the route was made ready; between
  /// the two it may have been more.
  var memory: Int?
  /// Medians of what a stage took, in nanoseconds.
  var stages: [StageResult]
  /// What a reader must know to believe its figures.
  var warning: String?
  /// How it was modelled; nil for a route that was measured.
  var model: ModelledCost?
}

extension RouteResult {
  func median(_ clock: Clock) -> Double? {
    switch clock {
    case .cpu: cpu?.median
    case .wall: wall?.median
    }
  }

  /// The same route on write-combining memory, if the model holds.
  init(_ route: RouteResult, modelled cost: ModelledCost, cpu: Double) {
    let factor = cost.total / cpu
    func scaled(_ ratio: RatioEstimate, by factor: Double) -> RatioEstimate {
      RatioEstimate(
        median: ratio.median * factor, low: ratio.low * factor, high: ratio.high * factor)
    }
    name = "modelled: " + route.name.replacing("(cached)", with: "(write-combining)")
    isOurs = route.isOurs
    ratio = scaled(route.ratio, by: factor)
    gain = route.gain.map { scaled($0, by: 1 / factor) }
    isSteady = route.isSteady
    pairs = route.pairs
    stages = []
    warning = route.warning
    model = cost
  }
}

/// A part of a turn that is timed apart.
enum Stage: String, Codable, CaseIterable {
  case decode
  case rasterize = "rasterise"
  case write, register
  case firstDraw = "first draw"
  case nextDraw = "next draw"
  case readback = "read back"
  case release
}

/// What a stage took for an item: medians, in nanoseconds.
struct StageResult: Codable {
  let stage: Stage
  let cost: Cost
}

/// What a route does to texture memory in a turn, as a trace of its accesses sees it.
struct AccessCounts: Codable, Equatable {
  /// Instructions that read.
  let loads: Int
  /// Lines that left for memory whole, and those that left with a part.
  let fullLineWrites, partialLineWrites: Int
}

extension AccessCounts {
  init(_ report: AuditReport) {
    self.init(
      loads: report.loads, fullLineWrites: report.fullLineWrites,
      partialLineWrites: report.partialLineWrites)
  }
}

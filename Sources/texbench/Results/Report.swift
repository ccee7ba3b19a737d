/// Everything that a run found out.
struct Report: Codable {
  /// In UTC.
  let date: String
  let effort: Effort
  var environment: Environment
  let model: WriteCombiningModel
  /// Where its prices were measured, or why not; nil where nobody asked for that.
  var fit: String?
  var sections: [Section] = []
}

/// What one measurement found out.
struct Section: Codable {
  /// Its name on the command line.
  let name: String
  let abstract: String
  var comparisons: [RaceResult] = []
  var figures: [Figure] = []
  var omissions: [Omission] = []
}

/// What is no ratio of times: a share, or a number.
struct Figure: Codable {
  enum Unit: String, Codable {
    case percent = " %"
    case number = ""
    case nanoseconds = " ns"
  }

  /// What it is a share or a number of, and what sets it apart from others of that title.
  let title, name: String
  let value: Double
  let unit: Unit
  /// How it was come by.
  let note: String

  /// With its unit.
  var text: String { value.text(1) + unit.rawValue }
}

/// What a route is to reach.
struct Goal: Codable, Equatable {
  /// To the limit, at most.
  var ratio: Double?
  /// To the limit, the upper end of the interval, at most.
  var highest: Double?
  /// Over the rival, at least.
  var gain: Double?
  /// Nanoseconds of CPU time, at most.
  var cpu: Double?
}

/// Something that was not measured, and why.
struct Omission: Codable {
  let what, reason: String
}

/// How much time a run takes for its figures.
enum Effort: String, Codable {
  case quick, normal, full

  /// Seconds for one comparison, unless its ratios are steady before.
  var seconds: Double {
    switch self {
    case .quick: 1.5
    case .normal: 12
    case .full: 60
    }
  }

  /// Pairs of turns of each route that are enough where all ratios are steady.
  var pairs: Int {
    switch self {
    case .quick: 6
    case .normal: 12
    case .full: 24
    }
  }

  /// Pixels of all pictures together that are traced.
  var tracedPixels: Int {
    switch self {
    case .quick: 300_000
    case .normal: 2_500_000
    case .full: .max
    }
  }

  /// Below this share of itself, the interval of a ratio counts as steady.
  static let steadyWidth = 0.03
}

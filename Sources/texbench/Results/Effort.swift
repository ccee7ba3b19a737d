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

/// The median of ratios of pairs, and the interval that the true one is thought to lie in.
struct RatioEstimate: Codable, Equatable {
  let median, low, high: Double

  init(median: Double, low: Double, high: Double) {
    self.median = median
    self.low = low
    self.high = high
  }

  /// The interval is that of the order statistics, which asks nothing of how ratios are distributed:
  /// the median lies above each ratio with a chance of one half. It would hold the true one in 95 of
  /// 100 runs if the pairs of a heat had nothing in common; since they share what lies where in memory,
  /// it is as wide as the medians of the heats lie apart, at least.
  ///
  /// - Parameter heats: The ratios of each, at least one in all. Of fewer than ``surePairs`` the interval
  ///   is all that was seen, and holds the median less surely.
  init(_ heats: [[Double]]) {
    let sorted = heats.joined().sorted()
    let count = Double(sorted.count)
    let rank = max(0, Int(((count - 1.96 * count.squareRoot()) / 2).rounded(.down)))
    let medians = heats.filter { !$0.isEmpty }.map { Quartiles($0).median }
    self.init(
      median: Quartiles(sorted).median, low: min(sorted[rank], medians.min() ?? .infinity),
      high: max(sorted[sorted.count - 1 - rank], medians.max() ?? -.infinity))
  }

  /// The fewest pairs of which all can lie on one side of the median in 5 of 100 runs at most.
  static let surePairs = 6

  /// How wide the interval is, as a share of the median.
  var width: Double { (high - low) / median }
}

/// The middle of some values, and where the middle half of them lies.
struct Quartiles: Codable, Equatable {
  let lower, median, upper: Double

  /// - Parameter values: At least one.
  init(_ values: [Double]) {
    let sorted = values.sorted()
    lower = Self.value(at: 0.25, of: sorted)
    median = Self.value(at: 0.5, of: sorted)
    upper = Self.value(at: 0.75, of: sorted)
  }

  /// Between two neighbours in proportion.
  private static func value(at share: Double, of sorted: [Double]) -> Double {
    let place = share * Double(sorted.count - 1)
    let below = Int(place)
    let above = min(below + 1, sorted.count - 1)
    return sorted[below] + (sorted[above] - sorted[below]) * (place - Double(below))
  }
}

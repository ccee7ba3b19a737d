/// The median of ratios of pairs, and the interval that holds the true one in 95 of 100 runs.
struct RatioEstimate: Codable, Equatable {
  let median, low, high: Double

  init(median: Double, low: Double, high: Double) {
    self.median = median
    self.low = low
    self.high = high
  }

  /// The interval is that of the order statistics, which asks nothing of how ratios are distributed:
  /// the median lies above each ratio with a chance of one half. Of fewer than six ratios it is all
  /// that was seen, and holds the median less surely.
  ///
  /// - Parameter ratios: At least one.
  init(_ ratios: [Double]) {
    let sorted = ratios.sorted()
    let count = Double(sorted.count)
    let rank = max(0, Int(((count - 1.96 * count.squareRoot()) / 2).rounded(.down)))
    self.init(
      median: Quartiles(sorted).median, low: sorted[rank], high: sorted[sorted.count - 1 - rank])
  }

  /// How wide the interval is, as a share of the median.
  var width: Double { (high - low) / median }
}

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

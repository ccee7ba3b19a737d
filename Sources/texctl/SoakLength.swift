/// When a round of soaking ends.
enum SoakLength {
  case time(Duration)
  case images(Int)

  /// The part that is done, 1 at the end.
  ///
  /// - Parameter tried: Images that were drawn, or that failed.
  func part(after passed: Duration, _ tried: Int) -> Double {
    switch self {
    case .time(let duration): passed / duration
    case .images(let count): Double(tried) / Double(count)
    }
  }
}

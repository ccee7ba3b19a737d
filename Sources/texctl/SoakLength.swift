/// When a round of soaking ends.
enum SoakLength {
  case time(Duration)
  case images(Int)

  /// The part that is done, 1 at the end.
  func part(after passed: Duration, _ drawn: Int) -> Double {
    switch self {
    case .time(let duration): passed / duration
    case .images(let count): Double(drawn) / Double(count)
    }
  }
}

/// Two workloads that take turns, so that what slows the machine slows both.
struct PairedRuns {
  /// Medians, in nanoseconds for one iteration.
  let subject, baseline: Double
  /// The median of the pairs' ratios.
  let ratio: Double

  /// - Parameters:
  ///   - count: How many pairs; at least 1.
  ///   - iterations: How often a workload runs in its turn.
  init(count: Int, iterations: Int, subject: () throws -> Void, baseline: () throws -> Void)
    rethrows
  {
    let pairs = try (0..<count).map { _ in
      (try Self.time(iterations, subject), try Self.time(iterations, baseline))
    }
    self.subject = Self.median(pairs.map(\.0))
    self.baseline = Self.median(pairs.map(\.1))
    ratio = Self.median(pairs.map { $0 / $1 })
  }

  private static func time(_ iterations: Int, _ work: () throws -> Void) rethrows -> Double {
    let duration = try ContinuousClock().measure {
      for _ in 0..<iterations { try work() }
    }
    return Double(duration.components.attoseconds) / 1e9 / Double(iterations)
      + Double(duration.components.seconds) * 1e9 / Double(iterations)
  }

  private static func median(_ values: [Double]) -> Double {
    values.sorted()[values.count / 2]
  }
}

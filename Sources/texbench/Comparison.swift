/// Paired runs of two workloads, with their names.
struct Comparison: Encodable {
  let subject: String
  let subjectNanoseconds: Double
  let baseline: String
  let baselineNanoseconds: Double
  let ratio: Double

  /// - Parameter operations: How many of what the names say are done in an iteration.
  init(subject: String, baseline: String, operations: Int, runs: PairedRuns) {
    self.subject = subject
    self.baseline = baseline
    subjectNanoseconds = runs.subject / Double(operations)
    baselineNanoseconds = runs.baseline / Double(operations)
    ratio = runs.ratio
  }
}

extension Comparison: CustomStringConvertible {
  var description: String {
    "\((ratio * 100).rounded() / 100)  \(subject): \(Int(subjectNanoseconds)) ns;"
      + " \(baseline): \(Int(baselineNanoseconds)) ns"
  }
}

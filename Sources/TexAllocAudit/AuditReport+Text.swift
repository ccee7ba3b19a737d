extension AuditReport: CustomStringConvertible {
  /// What was counted, and the offenders with their call stacks.
  public var description: String {
    ([counts] + offenders.map(\.description)).joined(separator: "\n")
  }

  /// What was counted, and a line for each of the worst offenders.
  public var summary: String {
    let worst = offenders.prefix(10).map { offender in
      "\(offender.offence.words), \(offender.count) times: \(offender.place ?? "place unknown")"
    }
    let rest = offenders.count - worst.count
    return ([counts] + worst + (rest > 0 ? ["\(rest) more"] : [])).joined(separator: "\n")
  }

  private var counts: String {
    let sampling =
      isSampled ? "; sampled: \(auditedBytes >> 10) of \(slabBytes >> 10) KiB were audited" : ""
    let exposed =
      exposures > 0 ? "\nexposed      \(exposures) times, when accesses may have been missed" : ""
    return """
      loads        \(loads), \(loadedBytes) bytes
      stores       \(stores), \(storedBytes) bytes; \(percent(nonTemporalShare)) non-temporal
      lines        \(linesTouched) touched; \(percent(fullLineShare)) of their writes whole
      bus writes   \(busWritesPerLine.rounded(to: 3)) per line
      backward     \(jumpsBackward) jumps
      audited in   \((duration / .seconds(1)).rounded(to: 2)) s\(sampling)\(exposed)
      """
  }

  private func percent(_ share: Double) -> String { "\((share * 100).rounded(to: 2)) %" }
}

extension Double {
  fileprivate func rounded(to digits: Int) -> Double {
    let scale = (0..<digits).reduce(1.0) { scale, _ in scale * 10 }
    return (self * scale).rounded() / scale
  }
}

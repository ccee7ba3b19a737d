extension AuditReport: CustomStringConvertible {
  /// A few lines for people, and the offenders.
  public var description: String {
    let sampling =
      isSampled ? ", sampled: \(auditedBytes >> 10) of \(slabBytes >> 10) KiB audited" : ""
    let summary = """
      loads        \(loads), \(loadedBytes) bytes
      stores       \(stores), \(storedBytes) bytes; \(percent(nonTemporalShare)) non-temporal
      lines        \(linesTouched) touched, \(percent(fullLineShare)) of the writes whole
      bus writes   \(busWritesPerLine.rounded(to: 3)) per line
      backward     \(jumpsBackward) jumps
      audited in   \((duration / .seconds(1)).rounded(to: 2)) s\(sampling)
      """
    let missing =
      exposures == 0
      ? [] : ["exposed      \(exposures) accesses, while which others may have been missed"]
    return ([summary] + missing + offenders.map(\.description)).joined(separator: "\n")
  }

  private func percent(_ share: Double) -> String { "\((share * 100).rounded(to: 2)) %" }
}

extension Double {
  fileprivate func rounded(to digits: Int) -> Double {
    let scale = (0..<digits).reduce(1.0) { scale, _ in scale * 10 }
    return (self * scale).rounded() / scale
  }
}

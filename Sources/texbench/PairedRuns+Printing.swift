internal import TexAllocJSON

extension PairedRuns {
  func json(_ subjectName: String, against baselineName: String) -> String {
    JSONValue.object([
      "subject": .string(subjectName), "subjectNanoseconds": .real(subject),
      "baseline": .string(baselineName), "baselineNanoseconds": .real(baseline),
      "ratio": .real(ratio),
    ]).text
  }

  func table(_ subjectName: String, against baselineName: String) -> String {
    let width = max(subjectName.count, baselineName.count, "ratio".count)
    func row(_ name: String, _ value: String) -> String {
      name + String(repeating: " ", count: width + 2 - name.count) + value
    }
    return [
      row(subjectName, "\(Int(subject)) ns"),
      row(baselineName, "\(Int(baseline)) ns"),
      row("ratio", "\((ratio * 100).rounded() / 100)"),
    ].joined(separator: "\n")
  }
}

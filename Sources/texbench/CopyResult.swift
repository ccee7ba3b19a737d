internal import TexAllocJSON

/// How writing an image compared with one reference.
struct CopyResult {
  let mebibytes: Int
  let reference: String
  let runs: PairedRuns

  /// Bytes per second of the writer over those of the reference.
  private var throughput: Double { 1 / runs.ratio }

  static func json(_ results: [CopyResult]) -> String {
    JSONValue.array(
      results.map { result in
        .object([
          "mebibytes": .integer(result.mebibytes),
          "reference": .string(result.reference),
          "writerGigabytesPerSecond": .real(result.speed(result.runs.subject)),
          "referenceGigabytesPerSecond": .real(result.speed(result.runs.baseline)),
          "throughputRatio": .real(result.throughput),
        ])
      }
    ).text
  }

  static func table(_ results: [CopyResult]) -> String {
    let header = ["MiB", "reference", "its GB/s", "writer's", "writer / reference"]
    let rows = results.map { result in
      [
        "\(result.mebibytes)", result.reference, rounded(result.speed(result.runs.baseline)),
        rounded(result.speed(result.runs.subject)), rounded(result.throughput),
      ]
    }
    return ([header] + rows).map { cells in
      zip(cells, header).map { cell, title in
        cell + String(repeating: " ", count: max(title.count, 10) - cell.count)
      }.joined(separator: "  ")
    }.joined(separator: "\n")
  }

  private static func rounded(_ value: Double) -> String { "\((value * 100).rounded() / 100)" }

  /// GB/s of a run of so many nanoseconds.
  private func speed(_ nanoseconds: Double) -> Double { Double(mebibytes << 20) / nanoseconds }
}

internal import TexAllocAudit

/// What a route does to texture memory in a turn, as a trace of its accesses sees it.
struct AccessCounts: Codable, Equatable {
  /// Instructions that read.
  let loads: Int
  /// Lines that left for memory whole, and those that left with a part.
  let fullLineWrites, partialLineWrites: Int
}

extension AccessCounts {
  init(_ report: AuditReport) {
    self.init(
      loads: report.loads, fullLineWrites: report.fullLineWrites,
      partialLineWrites: report.partialLineWrites)
  }
}

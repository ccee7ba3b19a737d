/// What the CPU does with a buffer; the cases stand in the order of their names.
public enum CPUUsage: String, CaseIterable, Sendable {
  case randomWrite, read
  /// Whole lines, in order, never read back.
  case sequentialWrite

  /// Whether this access needs memory that the CPU caches.
  var needsCache: Bool { self != .sequentialWrite }
}

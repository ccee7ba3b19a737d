/// Why memory was not read.
public struct ReadbackRefused: Error, Hashable, Sendable {
  public enum Reason: Hashable, Sendable {
    /// The CPU reads it very slowly, or may do, and that was not asked for by name.
    case slow(heap: String?, caching: Caching?)
    /// It is the application's, and was not adopted for reading.
    case notMapped
  }

  public let buffer: String
  public let reason: Reason

  init(buffer: String, _ reason: Reason) {
    self.buffer = buffer
    self.reason = reason
  }
}

extension ReadbackRefused: CustomStringConvertible {
  public var description: String {
    switch reason {
    case .slow(let heap, let caching):
      "\(buffer): its memory of \(heap ?? "an unknown heap") is"
        + " \(caching?.rawValue ?? "perhaps not cached"), slow to read; ask for it with evenIfSlow"
    case .notMapped: "\(buffer): it was adopted without cpuUsage read"
    }
  }
}

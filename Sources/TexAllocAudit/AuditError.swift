public import SystemPackage

/// Why memory cannot be audited.
public enum AuditError: Error, Hashable, Sendable {
  /// Not on this processor or system, or not in this build.
  case unsupported(because: String)
  /// Another audit has a slab of the pool, which is of this heap.
  case alreadyAudited(heap: String)
  /// The system refused the signals, or memory beside that of a slab of this heap.
  case failed(heap: String?, Errno)
}

extension AuditError: CustomStringConvertible {
  public var description: String {
    switch self {
    case .unsupported(let reason): "no audit: \(reason)"
    case .alreadyAudited(let heap): "\(heap): another audit is under way"
    case .failed(let heap, let error): "\(heap ?? "audit"): \(error)"
    }
  }
}

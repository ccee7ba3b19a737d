internal import CAudit

/// What write-combining memory does not like.
public enum Offence: String, CaseIterable, Hashable, Sendable {
  /// Something was read, which waits for the memory itself.
  case load
  /// Something was read and stored again, by one instruction or two.
  case readModifyWrite
  /// A line left for memory before all of it was written; its last store is to blame.
  case partialLine
  /// A whole line left that had left before; its last store is to blame.
  case lineAgain
  /// A store went to a line before that of the thread's last one.
  case jumpBackward
}

extension Offence {
  var words: String {
    switch self {
    case .load: "read"
    case .readModifyWrite: "read and stored again"
    case .partialLine: "left a line partly written"
    case .lineAgain: "wrote a line again"
    case .jumpBackward: "jumped backward"
    }
  }

  /// Of its count among those of a place.
  var index: Int {
    let value: texalloc_audit_offence =
      switch self {
      case .load: .load
      case .readModifyWrite: .read_modify_write
      case .partialLine: .partial_line
      case .lineAgain: .line_again
      case .jumpBackward: .jump_backward
      }
    return Int(value.rawValue)
  }
}

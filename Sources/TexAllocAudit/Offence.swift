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

/// A place in the program that offends, and how often it did.
public struct Offender: Hashable, Sendable {
  public let offence: Offence
  public let count: Int
  /// Who called whom, the offending instruction first. Empty for what came from more places than
  /// an audit tells apart.
  public let backtrace: [StackFrame]

  /// The innermost line of source that is known, as `file:line`.
  public var place: String? { backtrace.lazy.compactMap(\.place).first }
}

extension Offender: CustomStringConvertible {
  /// What and how often on a line, and a line for each of the innermost frames.
  public var description: String {
    let frames = backtrace.prefix(10).map { "  \($0)" }
    return (["\(offence.words), \(count) times"] + frames).joined(separator: "\n")
  }
}

/// One function of a call stack.
public struct StackFrame: Hashable, Sendable {
  /// As it is written in the source where that is known; else the symbol, or nil.
  public let function: String?
  /// The line of the source, where the build kept it.
  public let file: String?
  public let line: Int?
  /// The program or library that it is in.
  public let library: String?
}

extension StackFrame: CustomStringConvertible {
  /// `function at file:line`, or what of it is known.
  public var description: String {
    let name = function ?? "unknown"
    if let place { return "\(name) at \(place)" }
    return library.map { "\(name) in \($0)" } ?? name
  }

  /// `file:line`.
  public var place: String? {
    guard let file, let line else { return nil }
    return "\(file):\(line)"
  }
}

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

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

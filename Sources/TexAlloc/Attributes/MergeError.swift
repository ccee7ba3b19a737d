/// Why participants have no merged attributes.
public enum MergeError: Error, Hashable, Sendable {
  /// A participant is at fault by itself.
  case invalid(InvalidAttributes)
  /// Participants ask for what cannot be had together.
  case conflict(MergeConflict)
}

extension MergeError: CustomStringConvertible {
  public var description: String {
    switch self {
    case .invalid(let invalid): invalid.description
    case .conflict(let conflict): conflict.description
    }
  }
}

/// Attributes that no merge accepts, whoever else takes part.
public struct InvalidAttributes: Error, Hashable, Sendable {
  /// The participant's name, or that of the file it was read from; nil where all are at fault.
  public let participant: String?
  /// The key that is at fault, as in the JSON form; nil where the text as a whole is.
  public let field: String?
  /// What was found, and what would do.
  public let reason: String

  public init(participant: String?, field: String?, reason: String) {
    self.participant = participant
    self.field = field
    self.reason = reason
  }
}

extension InvalidAttributes: CustomStringConvertible {
  public var description: String {
    [participant, field, reason].compactMap(\.self).joined(separator: ": ")
  }
}

/// Why memory of the application was not adopted. It is as it was, and nothing of it is kept.
public enum AdoptionRefused: Error, Hashable, Sendable {
  /// The field: `descriptor`, `seals`, `cpuUsage`; or one of the layout: `formats`, `width`, `height`,
  /// `planes`, `pitch`, `rows`, `offset`, `size`, `pitchAlignment`, `offsetAlignment`, those of a
  /// plane with its number, `pitch of plane 1`. What it must be, and what it is, lengths in bytes.
  case unsuitable(buffer: String, field: String, wanted: String, held: String)
  /// A call of the kernel that the memory was asked with.
  case failed(SystemFailure)
}

extension AdoptionRefused: CustomStringConvertible {
  public var description: String {
    switch self {
    case .unsuitable(let buffer, let field, let wanted, let held):
      "\(buffer): \(field): wanted \(wanted), held \(held)"
    case .failed(let failure): "\(failure)"
    }
  }
}

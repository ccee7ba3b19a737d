/// How the pixels of an image get to a device, the best way first. Which one images take is found out when the
/// first of their kind is allocated: ``MemoryPlan``.
public enum Route: String, CaseIterable, Codable, Hashable, Sendable {
  /// The device uses the buffer's own memory. Nobody copies.
  case imported
  /// The buffer lies in memory of the device's own, and the device copies it by itself. No CPU copies.
  case transferred
  /// The CPU copies.
  case uploaded
}

extension Route: Comparable {
  /// Whether it is the better one.
  public static func < (route: Route, other: Route) -> Bool { route.rank < other.rank }

  private var rank: Int {
    switch self {
    case .imported: 0
    case .transferred: 1
    case .uploaded: 2
    }
  }
}

extension Route: CustomStringConvertible {
  public var description: String { rawValue }
}

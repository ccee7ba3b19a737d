/// Where images of one kind, of one writer, use and sampling, have their memory, how they get from there
/// to the devices, and why so.
public struct MemoryPlan: Hashable, Sendable {
  /// How they get to the devices; nil where no component of the pool registers them.
  public let route: Route?
  /// The better routes, the best first, and why each was passed over.
  public internal(set) var betterRoutes: [RouteVerdict]
  /// The heap that the slabs come from.
  public let heap: String
  /// How the CPU's mapping of the slabs is cached.
  public let caching: Caching
  /// The attributes of all who touch such an image, and of the heap, merged.
  public let attributes: MergedAttributes
  /// Every heap that was looked at for the route, the chosen one too, in the order of preference.
  public let verdicts: [HeapVerdict]

  /// Why the heap was chosen; ``verdicts`` have why the others were not.
  public var reason: String {
    let tried = verdicts.prefix { $0.passedOver != nil }.map(\.heap)
    return "of the heaps that suit everybody it ranks first, "
      + (attributes.demandsMemory ? "by being known to provide what is demanded, then " : "")
      + "by caching and then by kind"
      + (tried.isEmpty ? "" : ", now that \(tried.joined(separator: ", ")) failed when tried")
  }

  /// Why no better route is taken, in one line; nil where there is none.
  public var obstacle: String? {
    betterRoutes.isEmpty ? nil : betterRoutes.map(\.description).joined(separator: "; ")
  }
}

/// What became of a route when a pool chose one for a kind of image.
public struct RouteVerdict: Hashable, Sendable {
  public enum Reason: Error, Hashable, Sendable {
    /// A component does not take it.
    case refused(by: String, RouteRefused)
    /// Those who touch the image cannot live with each other.
    case conflict(MergeConflict)
    /// There is no heap in whose memory everybody sees what was written; each with the reason.
    case noHeap([HeapVerdict])
    /// The heap had no memory to give.
    case noMemory(SystemFailure)
  }

  public let route: Route
  /// Why it was passed over.
  public let reason: Reason
}

extension RouteVerdict: CustomStringConvertible {
  public var description: String {
    let reason =
      switch reason {
      case .refused(let component, let refusal): "\(component): \(refusal)"
      case .conflict(let conflict): "\(conflict)"
      case .noHeap(let verdicts):
        "no heap: " + verdicts.map(\.description).joined(separator: "; ")
      case .noMemory(let failure): "\(failure)"
      }
    return "not \(route): \(reason)"
  }
}

/// What became of a heap when a pool chose one.
public struct HeapVerdict: Error, Hashable, Sendable {
  public let heap: String
  /// Why it was passed over; nil for the chosen one.
  public let passedOver: String?
}

extension HeapVerdict: CustomStringConvertible {
  public var description: String { "\(heap): \(passedOver ?? "chosen")" }
}

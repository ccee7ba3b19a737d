internal import Synchronization

/// Whether a device's context is lost: what its fences and the device itself have in common.
final class ContextLoss: Sendable {
  private let happened = Atomic(false)

  var hasHappened: Bool { happened.load(ordering: .acquiring) }
  func happen() { happened.store(true, ordering: .releasing) }
}

/// A slot that nobody holds any more, but that devices may still use.
struct ReleasedSlot: Sendable {
  let slot: Slot
  let fences: [any Fence]

  /// Whether no device uses it any more.
  var hasPassed: Bool { fences.allSatisfy(\.hasPassed) }

  /// Waits until it has passed or the time has come; answers whether it has passed.
  func wait(until deadline: ContinuousClock.Instant) -> Bool {
    fences.allSatisfy { $0.wait(until: deadline) }
  }
}

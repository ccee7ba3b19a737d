internal import Glibc
internal import Synchronization
internal import TexAlloc

/// A fence that passes when it is told to.
package final class ManualFence: Fence {
  private let passed = Atomic(false)

  /// One that passed long ago.
  package static var passed: ManualFence {
    let fence = ManualFence()
    fence.pass()
    return fence
  }

  package init() {}

  package var hasPassed: Bool { passed.load(ordering: .acquiring) }
  package func pass() { passed.store(true, ordering: .releasing) }
  package func wait(until deadline: ContinuousClock.Instant) -> Bool {
    while !hasPassed && ContinuousClock.now < deadline { sched_yield() }
    return hasPassed
  }
}

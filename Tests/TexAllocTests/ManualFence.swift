import Glibc
import Synchronization
import TexAlloc

/// A fence that passes when it is told to.
final class ManualFence: Fence {
  private let passed = Atomic(false)
  var hasPassed: Bool { passed.load(ordering: .acquiring) }
  func pass() { passed.store(true, ordering: .releasing) }
  func wait(until deadline: ContinuousClock.Instant) -> Bool {
    while !hasPassed && ContinuousClock.now < deadline { sched_yield() }
    return hasPassed
  }
}

import Synchronization
import TexAlloc

/// A fence that looks at a pool before it answers, and passes when it is told to.
final class PoolFence: Fence {
  private let pool: TexturePool
  private let passed = Atomic(false)
  private let asked = Atomic(0)

  init(_ pool: TexturePool) { self.pool = pool }

  /// How often it was asked.
  var questions: Int { asked.load(ordering: .relaxed) }

  func pass() { passed.store(true, ordering: .releasing) }

  var hasPassed: Bool {
    asked.add(1, ordering: .relaxed)
    return pool.statistics.slabs >= 0 && passed.load(ordering: .acquiring)
  }

  func wait(until deadline: ContinuousClock.Instant) -> Bool { hasPassed }
}

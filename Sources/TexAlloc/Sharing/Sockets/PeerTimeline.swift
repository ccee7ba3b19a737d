internal import Dispatch
internal import Synchronization

/// How far a peer says that it has come, where its fences are no sync files.
final class PeerTimeline: Sendable {
  private struct State {
    var reached: UInt64 = 0
    var waiters: [(counter: UInt64, isReached: DispatchSemaphore)] = []
  }

  private let state = Mutex(State())

  /// - Returns: Whether that is further than before.
  func reach(_ counter: UInt64) -> Bool {
    state.withLock { state in
      guard counter > state.reached else { return false }
      state.reached = counter
      for waiter in state.waiters where waiter.counter <= counter { waiter.isReached.signal() }
      state.waiters.removeAll { $0.counter <= counter }
      return true
    }
  }

  /// Nobody will say more: what a process that is gone did is over, or the kernel's to order.
  func end() { _ = reach(.max) }

  func hasReached(_ counter: UInt64) -> Bool { state.withLock { $0.reached >= counter } }

  func wait(for counter: UInt64, until deadline: ContinuousClock.Instant) -> Bool {
    let isReached = DispatchSemaphore(value: 0)
    let mustWait = state.withLock { state in
      guard state.reached < counter else { return false }
      state.waiters.append((counter, isReached))
      return true
    }
    guard mustWait else { return true }
    let left = max(.zero, deadline - .now) / .nanoseconds(1)
    _ = isReached.wait(timeout: .now() + .nanoseconds(Int(min(left, 1e18))))
    state.withLock { $0.waiters.removeAll { $0.isReached === isReached } }
    return hasReached(counter)
  }
}

/// A fence of a peer's that is a number: passed when the peer says so, or is gone. It is somebody else who
/// has the socket listen meanwhile: the thread that waits cannot.
final class CounterFence: Fence {
  private let timeline: PeerTimeline
  private let counter: UInt64

  init(_ counter: UInt64, of timeline: PeerTimeline) {
    self.timeline = timeline
    self.counter = counter
  }

  var hasPassed: Bool { timeline.hasReached(counter) }
  func wait(until deadline: ContinuousClock.Instant) -> Bool {
    timeline.wait(for: counter, until: deadline)
  }
}

internal import Synchronization
internal import TexAlloc

/// The end of the copies that the GPU makes of several images, of which their slots have to know and nobody
/// else: one sync behind all of them.
///
/// It is sealed with that sync after so many copies of images that are spent, when the device collects, or when
/// somebody waits on the thread where the context is current. Until then it has not passed.
final class CopyBatch: Fence {
  private static let (mostCopies, mostBytes) = (64, 4 << 20)

  private struct State {
    var copies = 0
    var bytes = 0
    var end: CopyEnd?
  }

  private let state = Mutex(State())
  private let context: ContextHandle
  private let loss: ContextLoss
  /// Called where the context is current.
  private let sealNow: @Sendable () -> Void

  /// - Parameter sealNow: Has the device seal it.
  init(
    in context: ContextHandle, until loss: ContextLoss,
    sealing sealNow: @escaping @Sendable () -> Void
  ) {
    self.context = context
    self.loss = loss
    self.sealNow = sealNow
  }

  /// Counts one more; answers whether that is enough.
  func add(_ bytes: Int) -> Bool {
    state.withLock { state in
      state.copies += 1
      state.bytes += bytes
      return state.copies >= Self.mostCopies || state.bytes >= Self.mostBytes
    }
  }

  func seal(with end: CopyEnd) { state.withLock { $0.end = end } }

  var hasPassed: Bool { loss.hasHappened || state.withLock { $0.end }?.hasPassed ?? false }

  func wait(until deadline: ContinuousClock.Instant) -> Bool {
    // Elsewhere a look at the device could make this its last holder.
    if state.withLock({ $0.end == nil }), context.isCurrent { sealNow() }
    while ContinuousClock.now < deadline && !loss.hasHappened {
      if let end = state.withLock({ $0.end }) { return end.wait(until: deadline) }
      _ = UnknownFence().wait(until: min(deadline, .now + .milliseconds(1)))
    }
    return hasPassed
  }
}

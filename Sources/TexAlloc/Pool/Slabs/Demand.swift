internal import Dispatch
internal import Synchronization

/// An allocation that waits for its pool to grow.
final class Demand: Sendable {
  let request: SlotRequest
  private let outcome = Mutex<Result<Slot, AllocationError>?>(nil)
  private let tell: @Sendable (Demand) -> Void

  /// - Parameter tell: Is called once, when the outcome is there.
  init(_ request: SlotRequest, whenDone tell: @escaping @Sendable (Demand) -> Void) {
    self.request = request
    self.tell = tell
  }

  /// Gives it what it waits for, once.
  func fulfil(_ result: consuming Result<Slot, AllocationError>) {
    var result: Result<Slot, AllocationError>? = result
    outcome.withLock { $0 = result.take() }
    tell(self)
  }

  /// What it waited for, once.
  func take() throws(AllocationError) -> Slot {
    guard let result = outcome.withLock({ $0.take() }) else {
      preconditionFailure("a demand has one outcome")
    }
    return try result.get()
  }
}

internal import Dispatch
internal import Glibc
internal import Synchronization

/// What does the work of a pool that nobody is to wait for: a thread that is started for it, and goes
/// when there was nothing to do for a while, or with the pool. A thousand pools at rest have none.
final class PoolThread: Sendable {
  private static let name = "texalloc-pool"
  /// Seconds that it waits for more to do, since starting one costs some ten microseconds.
  private static let patience = 1.0

  private struct State {
    var thread: WorkerThread?
    /// Whether there may be something to do.
    var isWanted = false
    var isClosed = false
  }

  private let state = Mutex(State())
  private let signal = DispatchSemaphore(value: 0)
  /// Whoever works just now: the thread, or where there can be none, the one that woke it.
  private let worker = Atomic<UInt>(0)
  /// Whose turn it is where there can be no thread.
  private let turn = Mutex(())

  /// Whether the calling thread is doing the pool's work.
  var isCurrent: Bool { worker.load(ordering: .relaxed) == UInt(pthread_self()) }

  /// Has the work of a store done that there is by now.
  func wake(for store: SlabStore) {
    if isCurrent { return }  // it looks for more before it rests
    let isRunning = state.withLock { state in
      state.isWanted = true
      if state.thread != nil { return true }
      guard let thread = try? WorkerThread(named: Self.name) else { return false }
      thread.begin { [self, weak store] in run { store?.doNext() ?? false } }
      state.thread = thread
      return true
    }
    if isRunning { signal.signal() } else { turn.withLock { _ in work { store.doNext() } } }
  }

  /// Has the thread go.
  func close() {
    state.withLock { $0.isClosed = true }
    signal.signal()
  }

  private func run(_ doNext: () -> Bool) {
    repeat { work(doNext) } while isWantedAgain()
  }

  private func work(_ doNext: () -> Bool) {
    worker.store(UInt(pthread_self()), ordering: .relaxed)
    while doNext() {}
    worker.store(0, ordering: .relaxed)
  }

  /// Waits for more to do; gives the thread up where there is none in time.
  private func isWantedAgain() -> Bool {
    while true {
      let isLate = signal.wait(timeout: .now() + Self.patience) == .timedOut
      let answer: Bool? = state.withLock { state in
        if state.isWanted && !state.isClosed {
          state.isWanted = false
          return true
        }
        guard isLate || state.isClosed else { return nil }  // that work was found already
        state.thread = nil
        return false
      }
      if let answer { return answer }
    }
  }
}

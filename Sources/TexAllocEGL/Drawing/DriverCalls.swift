internal import Glibc
internal import Synchronization

/// The calls of drivers that are under way on devices' own threads.
///
/// A driver that has let go of all it has, as `exit` has it do, crashes in such a call. So the process waits for
/// them, for a second, and none begins any more but for the thread that ends the process.
final class DriverCalls: Sendable {
  private struct State {
    /// The threads that are in one.
    var threads: [pthread_t] = []
    var enders: [pthread_t] = []
    /// Until when the process waits.
    var end: ContinuousClock.Instant?
    /// Those before whose end it waits.
    var drivers: Set<String> = []
  }

  static let all = DriverCalls()

  private let state = Mutex(State())

  /// Has the process wait before a driver ends that has been loaded by now: what `exit` calls, it calls in the
  /// reverse order.
  func waitBeforeEnd(of driver: String) {
    guard state.withLock({ $0.drivers.insert(driver).inserted }) else { return }
    atexit { DriverCalls.all.endWithProcess() }
  }

  /// Lets no call begin any more, but for this thread, and waits for those under way.
  ///
  /// - Parameter limit: Of all such waits together.
  func endWithProcess(after limit: Duration = .seconds(1)) {
    let (this, deadline) = (pthread_self(), ContinuousClock.now + limit)
    let end = state.withLock { state in
      state.enders.append(this)
      state.end = state.end ?? deadline
      return state.end ?? deadline
    }
    while state.withLock({ $0.threads.contains { $0 != this } }), .now < end { usleep(1000) }
  }

  /// Answers whether a call may begin on this thread; then it is to end.
  ///
  /// - Parameter caller: Who waits for it; nil for nobody.
  func begin(for caller: pthread_t?) -> Bool {
    state.withLock { state in
      let isAllowed = state.end == nil || caller.map(state.enders.contains) ?? false
      if isAllowed { state.threads.append(pthread_self()) }
      return isAllowed
    }
  }

  func end() {
    state.withLock { state in
      if let place = state.threads.lastIndex(of: pthread_self()) { state.threads.remove(at: place) }
    }
  }
}

internal import CLinux
internal import Dispatch
internal import Glibc
internal import Synchronization

/// Starts a thread that ends with the body. It takes no signal that is sent to the process.
///
/// - Parameters:
///   - name: As in `/proc/self/task/*/comm`: 15 bytes of it.
///   - yields: Whether others go before it, where there is not time for all: a third of the time of one
///     that draws. See sched(7), "The nice value", which is each thread's own.
/// - Throws: `SystemFailure` where the process may have no more threads.
func startThread(
  named name: String, yielding yields: Bool = false, _ body: @escaping @Sendable () -> Void
) throws(SystemFailure) {
  let start = Start(name: name, yields: yields, body: body)
  var (signals, before) = (sigset_t(), sigset_t())
  unsafe sigfillset(&signals)
  // What a thread brings upon itself cannot wait.
  for fault in [SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGTRAP] { unsafe sigdelset(&signals, fault) }
  unsafe pthread_sigmask(SIG_SETMASK, &signals, &before)
  defer { unsafe pthread_sigmask(SIG_SETMASK, &before, nil) }
  var thread = pthread_t()
  let argument = unsafe Unmanaged.passRetained(start).toOpaque()
  OwnThreads.oneBegins()
  let failure = unsafe pthread_create(
    &thread, nil,
    { argument in
      // The one that was retained for this thread.
      guard let argument = unsafe argument else { return nil }
      unsafe Unmanaged<Start>.fromOpaque(argument).takeRetainedValue().run()
      OwnThreads.thisOneEnds()
      return nil
    }, argument)
  guard failure == 0 else {
    OwnThreads.noneBegan()
    unsafe Unmanaged<Start>.fromOpaque(argument).release()
    throw SystemFailure("pthread_create", on: name, Errno(rawValue: failure))
  }
}

private final class Start: Sendable {
  private static let niceness: CInt = 5

  private let name: String
  private let yields: Bool
  private let body: @Sendable () -> Void

  init(name: String, yields: Bool, body: @escaping @Sendable () -> Void) {
    self.name = name
    self.yields = yields
    self.body = body
  }

  func run() {
    _ = unsafe texalloc_name_thread(name)
    // Where it must not, it has the same share as others.
    let thread = __priority_which_t(PRIO_PROCESS.rawValue)
    if yields { _ = setpriority(thread, 0, getpriority(thread, 0) + Self.niceness) }
    body()
  }
}

/// The threads of the library's own that run now, in the whole process.
///
/// A thread that has done its work still lets go of what libraries keep for it, and `exit` has the same
/// libraries let go of the same: the dispatcher of EGL frees it twice where both happen at once. So the
/// process waits for the threads that are about to be gone, and from then on none goes any more: it waits
/// until there is no process.
package enum OwnThreads {
  private struct State {
    var count = 0
    var waiters: [DispatchSemaphore] = []
    /// Those that do nothing of ours any more, and that nobody has joined.
    var leaving: [pthread_t] = []
    var processEnds = false

    /// Answers who is to be told.
    mutating func oneLess() -> [DispatchSemaphore] {
      count -= 1
      return count == 0 ? waiters : []
    }

    /// None in a child that was forked, where they do not exist.
    mutating func takeLeaving() -> [pthread_t] {
      defer { leaving = [] }
      return getpid() == OwnThreads.process ? leaving : []
    }
  }

  private static let state = Mutex(State())

  /// The process whose threads are joined.
  private static let process: pid_t = {
    atexit { OwnThreads.endWithProcess() }
    return getpid()
  }()

  fileprivate static func oneBegins() {
    _ = process
    state.withLock { $0.count += 1 }
  }

  fileprivate static func noneBegan() {
    for waiter in state.withLock({ $0.oneLess() }) { waiter.signal() }
  }

  /// The last thing that a thread does; it does not return where the process ends.
  fileprivate static func thisOneEnds() {
    let (waiters, others, stays) = state.withLock { state in
      let others = state.takeLeaving()
      if !state.processEnds { state.leaving = [pthread_self()] }
      return (state.oneLess(), others, state.processEnds)
    }
    for waiter in waiters { waiter.signal() }
    join(others)
    while stays { pause() }
  }

  private static func endWithProcess() {
    guard getpid() == process else { return }
    join(
      state.withLock { state in
        state.processEnds = true
        return state.takeLeaving()
      })
  }

  private static func join(_ threads: [pthread_t]) {
    for thread in threads { pthread_join(thread, nil) }
  }

  /// Waits until none runs any more, and answers whether that is so; then all are gone. For whoever has
  /// let go of all that has threads, and on none of them.
  package static func waitForEnd(of all: Duration) -> Bool {
    let done = DispatchSemaphore(value: 0)
    let isOver = state.withLock { state in
      if state.count > 0 { state.waiters.append(done) }
      return state.count == 0
    }
    if !isOver {
      let answer = done.wait(timeout: .now() + all / .seconds(1))
      state.withLock { $0.waiters.removeAll { $0 === done } }
      guard answer == .success else { return false }
    }
    join(state.withLock { $0.takeLeaving() })
    return true
  }
}

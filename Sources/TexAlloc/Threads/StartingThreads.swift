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
      OwnThreads.oneEnds()
      return nil
    }, argument)
  guard failure == 0 else {
    OwnThreads.oneEnds()
    unsafe Unmanaged<Start>.fromOpaque(argument).release()
    throw SystemFailure("pthread_create", on: name, Errno(rawValue: failure))
  }
  pthread_detach(thread)
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
package enum OwnThreads {
  private struct State {
    var count = 0
    var waiters: [DispatchSemaphore] = []
  }

  private static let state = Mutex(State())

  fileprivate static func oneBegins() { state.withLock { $0.count += 1 } }

  fileprivate static func oneEnds() {
    let waiters = state.withLock { state -> [DispatchSemaphore] in
      state.count -= 1
      return state.count == 0 ? state.waiters : []
    }
    for waiter in waiters { waiter.signal() }
  }

  /// Waits until none runs any more; answers whether that is so. For whoever has let go of all that has
  /// threads, and on none of them.
  package static func waitForEnd(of all: Duration) -> Bool {
    let done = DispatchSemaphore(value: 0)
    let isOver = state.withLock { state in
      if state.count > 0 { state.waiters.append(done) }
      return state.count == 0
    }
    if isOver { return true }
    let answer = done.wait(timeout: .now() + all / .seconds(1)) == .success
    state.withLock { $0.waiters.removeAll { $0 === done } }
    return answer
  }
}

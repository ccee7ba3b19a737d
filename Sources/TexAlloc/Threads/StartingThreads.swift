internal import CLinux
internal import Glibc

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
  let failure = unsafe pthread_create(
    &thread, nil,
    { argument in
      // The one that was retained for this thread.
      guard let argument = unsafe argument else { return nil }
      unsafe Unmanaged<Start>.fromOpaque(argument).takeRetainedValue().run()
      return nil
    }, argument)
  guard failure == 0 else {
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

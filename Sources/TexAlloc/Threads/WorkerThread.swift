internal import Dispatch
internal import Glibc
internal import Synchronization

/// A thread of the library's own, which does what it is given, in order. It ends when nobody holds it
/// any more and all of that is done.
///
/// It takes no signal that is sent to the process.
package final class WorkerThread: Sendable {
  private let jobs = JobQueue()

  /// - Parameter name: As in `/proc/self/task/*/comm`: 15 bytes of it.
  /// - Throws: `SystemFailure` where the process may have no more threads.
  package init(named name: String) throws(SystemFailure) {
    try jobs.start(named: name)
  }

  deinit { jobs.close() }

  /// Whether it is the thread that asks.
  package var isCurrent: Bool { jobs.isOnThread }

  /// Has a job done some time.
  package func begin(_ job: @escaping @Sendable () -> Void) { jobs.append(job) }

  /// Has a job done, and waits for it. The thread itself does it at once.
  package func run<Result: Sendable, Failure: Error>(
    _ job: () throws(Failure) -> Result
  ) throws(Failure) -> Result {
    if isCurrent { return try job() }
    // The caller waits, so no two threads use the job or what comes of it at a time.
    nonisolated(unsafe) var outcome: Swift.Result<Result, Failure>?
    withoutActuallyEscaping(job) { job in
      nonisolated(unsafe) let job = job
      let done = DispatchSemaphore(value: 0)
      jobs.append(tellingAtEnd: done) {
        unsafe outcome = Swift.Result { () throws(Failure) in try unsafe job() }
      }
      done.wait()
    }
    guard let outcome = unsafe outcome else { preconditionFailure("a job was not done") }
    return try outcome.get()
  }
}

/// What a thread has to do; the thread keeps it, and so can outlive those that give it work.
private final class JobQueue: Sendable {
  private struct Job {
    let body: @Sendable () -> Void
    /// Who waits for it.
    let done: DispatchSemaphore?
  }

  private struct State {
    var jobs: [Job] = []
    var isClosed = false
  }

  private let state = Mutex(State())
  private let count = DispatchSemaphore(value: 0)
  private let thread = Atomic<UInt>(0)

  var isOnThread: Bool { thread.load(ordering: .relaxed) == UInt(pthread_self()) }

  func append(
    tellingAtEnd done: DispatchSemaphore? = nil, _ body: @escaping @Sendable () -> Void
  ) {
    state.withLock { $0.jobs.append(Job(body: body, done: done)) }
    count.signal()
  }

  func close() {
    state.withLock { $0.isClosed = true }
    count.signal()
  }

  func start(named name: String) throws(SystemFailure) {
    try startThread(named: name) { [self] in work() }
  }

  private func work() {
    thread.store(UInt(pthread_self()), ordering: .relaxed)
    while true {
      count.wait()
      let (done, isOver) = performNext()
      // Whoever waits may count upon the job being gone.
      done?.signal()
      if isOver { return }
    }
  }

  /// Answers who waits for the job that was done, and whether there is none and never will be.
  private func performNext() -> (DispatchSemaphore?, isOver: Bool) {
    let (job, isClosed) = state.withLock { state in
      (state.jobs.isEmpty ? nil : state.jobs.removeFirst(), state.isClosed)
    }
    job?.body()
    return (job?.done, isOver: job == nil && isClosed)
  }
}

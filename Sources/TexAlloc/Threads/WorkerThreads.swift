internal import Dispatch
internal import Glibc
internal import Synchronization

/// Threads of the library's own that many may give work: decoders, the glyph cache.
///
/// ```swift
/// let workers = try WorkerThreads()
/// workers.run(8) { part in convert(rows[part]) }  // this thread takes parts, too
/// workers.begin { prepareTheNext() }              // some time, on one of them
/// ```
///
/// They come as they are needed, yield to the thread that draws, and take no signal that is sent to the
/// process. They go when nobody holds this any more and all that they were given is done.
public final class WorkerThreads: Workers {
  private let work: SharedWork
  /// How many threads there may be.
  public let limit: Int

  /// - Parameters:
  ///   - limit: How many threads there may be, at least 1; where nil, one less than the processors that
  ///     the calling thread may run on, or than its control groups allow: the rest is for who draws.
  ///   - name: As in `/proc/self/task/*/comm`: 15 bytes of it.
  /// - Throws: `SystemFailure` where the process may have no more threads.
  public init(_ limit: Int? = nil, named name: String = "texalloc-work") throws(SystemFailure) {
    self.limit = max(1, limit ?? Processors.available() - 1)
    work = SharedWork(limit: self.limit, name: name)
    try work.startFirst()
  }

  deinit { work.close() }

  public var count: Int { work.isOnThread ? limit : limit + 1 }

  /// Parts go before jobs. The calling thread takes parts, too, and does all of them where every thread
  /// has something else to do.
  public func run(_ parts: Int, _ body: @Sendable (Int) -> Void) {
    guard parts > 1 else { return CallingThread().run(parts, body) }
    withoutActuallyEscaping(body) { body in
      let shared = PartsOfWork(parts, body)
      work.add(shared, helpers: min(parts - 1, limit))
      shared.help()
      work.remove(shared)
      shared.waitForOthers()
    }
  }

  /// Jobs begin in the order in which they are given.
  public func begin(_ job: @escaping @Sendable () -> Void) { work.add(job) }
}

/// One thing in many parts. Each is taken once, by whoever comes first.
private final class PartsOfWork: Sendable {
  private struct State {
    /// nil when nobody is to begin any more.
    var body: (@Sendable (Int) -> Void)?
    var helpers = 0
    var isWaitedFor = false
  }

  private let parts: Int
  private let next = Atomic(0)
  private let state: Mutex<State>
  private let done = DispatchSemaphore(value: 0)

  init(_ parts: Int, _ body: @escaping @Sendable (Int) -> Void) {
    self.parts = parts
    state = Mutex(State(body: body))
  }

  /// Takes parts until there are none.
  func help() {
    takeParts()
    let isLast = state.withLock { state in
      state.helpers -= 1
      return state.isWaitedFor && state.helpers == 0
    }
    if isLast { done.signal() }
  }

  /// By its return nothing of the body is held: whoever gave it may let go of it.
  private func takeParts() {
    let body = state.withLock { state in
      state.helpers += 1
      return state.body
    }
    guard let body else { return }
    while true {
      let part = next.add(1, ordering: .relaxed).oldValue
      guard part < parts else { return }
      body(part)
    }
  }

  func waitForOthers() {
    let isDone = state.withLock { state in
      state.body = nil
      state.isWaitedFor = true
      return state.helpers == 0
    }
    if !isDone { done.wait() }
  }
}

/// What threads have to do; they keep it, and so can outlive those that give it.
private final class SharedWork: Sendable {
  private enum Task {
    case help(PartsOfWork)
    case job(@Sendable () -> Void)
  }

  private struct State {
    /// How many more threads each may have.
    var parts: [(work: PartsOfWork, helpers: Int)] = []
    var jobs: [@Sendable () -> Void] = []
    /// The first of the jobs that was not taken yet.
    var next = 0
    var threads = 0
    /// Threads that wait, and that nobody has woken yet.
    var idle = 0
    var isClosed = false

    mutating func take() -> Task? {
      if let last = parts.indices.last {
        parts[last].helpers -= 1
        return .help(parts[last].helpers == 0 ? parts.removeLast().work : parts[last].work)
      }
      guard next < jobs.count else { return nil }
      defer {
        next += 1
        if next == jobs.count { (jobs, next) = ([], 0) }
      }
      return .job(jobs[next])
    }
  }

  private let limit: Int
  private let name: String
  private let state = Mutex(State())
  private let signal = DispatchSemaphore(value: 0)
  private let threads = Mutex<[UInt]>([])

  init(limit: Int, name: String) {
    self.limit = limit
    self.name = name
  }

  var isOnThread: Bool {
    let own = UInt(pthread_self())
    return threads.withLock { $0.contains(own) }
  }

  func add(_ work: PartsOfWork, helpers: Int) {
    state.withLock { $0.parts.append((work, helpers)) }
    for _ in 0..<helpers { wakeOne() }
  }

  func remove(_ work: PartsOfWork) {
    state.withLock { $0.parts.removeAll { $0.work === work } }
  }

  func add(_ job: @escaping @Sendable () -> Void) {
    state.withLock { $0.jobs.append(job) }
    wakeOne()
  }

  func close() {
    let threads = state.withLock { state -> Int in
      state.isClosed = true
      defer { state.idle = 0 }
      return state.idle
    }
    for _ in 0..<threads { signal.signal() }
  }

  func startFirst() throws(SystemFailure) {
    state.withLock { $0.threads = 1 }
    try start()
  }

  /// Has a thread look for work: one that waits, or a new one where there may be more.
  private func wakeOne() {
    let wakes = state.withLock { state -> Bool? in
      if state.idle > 0 {
        state.idle -= 1
        return true
      }
      if state.threads == limit { return nil }
      state.threads += 1
      return false
    }
    guard let wakes else { return }
    if wakes {
      signal.signal()
      return
    }
    // The others do the work where there can be no more of them.
    do { try start() } catch { state.withLock { $0.threads -= 1 } }
  }

  private func start() throws(SystemFailure) {
    try startThread(named: name, yielding: true) { [self] in
      let own = UInt(pthread_self())
      threads.withLock { $0.append(own) }
      while perform() {}
      threads.withLock { $0.removeAll { $0 == own } }
    }
  }

  /// Does the next thing, or waits for one. Answers whether there may be more.
  private func perform() -> Bool {
    let (task, isOver) = state.withLock { state in
      let task = state.take()
      if task == nil && !state.isClosed { state.idle += 1 }
      return (task, isOver: task == nil && state.isClosed)
    }
    switch task {
    case .help(let work): work.help()
    case .job(let job): job()
    case nil where !isOver: signal.wait()
    case nil: return false
    }
    return true
  }
}

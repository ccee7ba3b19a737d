internal import Glibc
internal import Synchronization
internal import TexAlloc

/// What the threads that read a file know of each other: how far they are, what they have spent, and whether
/// one of them failed.
final class EntropyWatch: Sendable {
  private let name: String
  private let limit: Duration
  /// Nanoseconds of processor time.
  private let spent = Atomic(0)
  private let blocks = Atomic(0)
  private let failure = Mutex<CoefficientsRefused?>(nil)
  private let isOver = Atomic(false)

  /// - Parameters:
  ///   - name: What errors call the file.
  ///   - limit: Of the processor time of all of them.
  init(_ name: String, _ limit: Duration) {
    self.name = name
    self.limit = limit
  }

  var hasFailed: Bool { isOver.load(ordering: .relaxed) }

  /// Ends the reading; the first reason counts.
  func fail(_ reason: CoefficientsRefused) {
    failure.withLock { if $0 == nil { $0 = reason } }
    isOver.store(true, ordering: .relaxed)
  }

  func requireSuccess() throws(CoefficientsRefused) {
    if let failure = failure.withLock({ $0 }) { throw failure }
  }

  /// - Parameters:
  ///   - count: Blocks that were read.
  ///   - total: That there are.
  ///   - time: That it took.
  /// - Throws: Where nobody wants the rest, or it costs too much.
  func note(
    _ count: Int, of total: Int, in time: Duration, _ goOn: (Double) -> Bool
  ) throws(CoefficientsRefused) {
    let done = blocks.add(count, ordering: .relaxed).newValue
    guard goOn(Double(done) / Double(max(1, total))) else { throw failed(.cancelled) }
    // The reason is that of another thread.
    if hasFailed { throw failed(.cancelled) }
    let all = spent.add(Int(time / .nanoseconds(1)), ordering: .relaxed).newValue
    guard done == total || .nanoseconds(all) < limit else {
      let limit = Int(limit / .milliseconds(1))
      throw failed(.tooMuch("milliseconds", found: limit + 1, limit: limit))
    }
  }

  private func failed(_ reason: ImageDecodingError.Reason) -> CoefficientsRefused {
    .failed(ImageDecodingError(name, reason))
  }
}

/// What one of them spends.
struct EntropyTimer {
  private let watch: EntropyWatch
  private var last = processorTime()

  init(_ watch: EntropyWatch) { self.watch = watch }

  mutating func note(
    _ count: Int, of total: Int, _ goOn: (Double) -> Bool
  ) throws(CoefficientsRefused) {
    let now = processorTime()
    defer { last = now }
    try watch.note(count, of: total, in: now - last, goOn)
  }
}

/// What the thread has spent.
func processorTime() -> Duration {
  var time = timespec()
  unsafe clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
  return .seconds(time.tv_sec) + .nanoseconds(time.tv_nsec)
}

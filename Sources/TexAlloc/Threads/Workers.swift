/// Threads that somebody lends: the loader to decoders, a toolkit to the glyph cache. Whoever has
/// work that falls into parts takes them as they are, and makes no thread of its own.
/// ``WorkerThreads`` are some.
public protocol Workers: Sendable {
  /// How many parts may be done at once, the calling thread's among them; at least 1.
  var count: Int { get }

  /// Has parts done, and returns when all are.
  ///
  /// They may be done one after another, in ascending order, on the calling thread: a part waits for
  /// nothing that a later one does.
  ///
  /// - Parameters:
  ///   - parts: How many.
  ///   - body: Is called with each number from 0 below `parts` once, on any thread.
  func run(_ parts: Int, _ body: @Sendable (Int) -> Void)

  /// Has something done some time, on another thread where there is one; else at once.
  func begin(_ job: @escaping @Sendable () -> Void)
}

/// No other threads: everything is done by the caller.
public struct CallingThread: Workers {
  public init() {}

  public var count: Int { 1 }

  public func run(_ parts: Int, _ body: @Sendable (Int) -> Void) {
    for part in 0..<parts { body(part) }
  }

  public func begin(_ job: @escaping @Sendable () -> Void) { job() }
}

internal import Synchronization

/// Memory that files are read into, one after another, so that its pages are not new each time.
///
/// Any thread may use it.
package final class FileMemory: Sendable {
  private struct State {
    /// The one that was used last at the end.
    var idle: [[UInt8]] = []
    var idleBytes = 0
    var takenAnew = 0
  }

  private static let leastSize = 1 << 16

  private let limit: Int
  private let state = Mutex(State())

  /// - Parameter limit: Bytes that are kept while nobody uses them.
  package init(keeping limit: Int) { self.limit = limit }

  /// How often there was none to be used again.
  package var takenAnew: Int { state.withLock { $0.takenAnew } }

  /// Takes memory for a file and lets the body fill it.
  ///
  /// - Parameters:
  ///   - size: Bytes that there is room for.
  ///   - body: Answers how many bytes it has filled. What there was before is anything.
  /// - Returns: The bytes of the file; their memory comes back when nobody holds them any more.
  package func fill<Failure: Error>(
    _ size: Int, _ body: (inout MutableSpan<UInt8>) throws(Failure) -> Int
  ) throws(Failure) -> FileBytes {
    var memory = take(size)
    do {
      var all = memory.mutableSpan
      var room = all._mutatingExtracting(first: size)
      let count = try body(&room)
      return FileBytes(memory, count: count, of: self)
    } catch {
      giveBack(memory)
      throw error
    }
  }

  /// The smallest that is large enough.
  private func take(_ size: Int) -> [UInt8] {
    let found = state.withLock { state -> [UInt8]? in
      let best = state.idle.indices.filter { state.idle[$0].count >= size }
        .min { state.idle[$0].count < state.idle[$1].count }
      guard let best else {
        state.takenAnew += 1
        return nil
      }
      state.idleBytes -= state.idle[best].count
      return state.idle.remove(at: best)
    }
    return found ?? [UInt8](repeating: 0, count: Self.roomySize(size))
  }

  /// Few sizes, so that the next file fits; at most a quarter more than is needed.
  private static func roomySize(_ size: Int) -> Int {
    let size = max(size, leastSize)
    let quarter = 1 << (Int.bitWidth - 3 - size.leadingZeroBitCount)
    return size.roundedUp(toMultipleOf: quarter)
  }

  fileprivate func giveBack(_ memory: consuming [UInt8]) {
    let size = memory.count
    if size > limit { return }
    // What is too much goes when the lock is free again.
    let gone = state.withLock { [memory] state in
      state.idle.append(memory)
      state.idleBytes += size
      var gone: [[UInt8]] = []
      while state.idleBytes > limit {
        gone.append(state.idle.removeFirst())
        state.idleBytes -= gone[gone.count - 1].count
      }
      return gone
    }
    _ = gone
  }
}

/// A file in memory that is used for another when nobody holds this any more.
package final class FileBytes: Sendable {
  private let memory: [UInt8]
  let count: Int
  private let home: FileMemory

  fileprivate init(_ memory: [UInt8], count: Int, of home: FileMemory) {
    self.memory = memory
    self.count = count
    self.home = home
  }

  deinit { home.giveBack(memory) }

  func withSpan<Result: ~Copyable, Failure: Error>(
    _ body: (Span<UInt8>) throws(Failure) -> Result
  ) throws(Failure) -> Result {
    let memory = memory
    return try body(memory.span.extracting(first: count))
  }
}

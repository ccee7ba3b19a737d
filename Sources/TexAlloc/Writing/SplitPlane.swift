internal import Synchronization

extension PlaneWriter {
  /// Lends its rows to writers on other threads. Until the last of those has ended, it writes nothing
  /// itself.
  ///
  /// ```swift
  /// let plane = writer.split()
  /// workers.run(4) { part in
  ///   var rows = plane.writer(ofRows: part * 16..<(part + 1) * 16)
  ///   …
  /// }
  /// ```
  @_lifetime(&self)
  public mutating func split() -> SplitPlane {
    // The plane cannot outlive the writer, nor the writer the memory.
    unsafe SplitPlane(base: base, pitch: pitch, rowSize: rowSize, rows: rows, owner: owner)
  }

  /// Has its rows written in bands, by as many threads at a time as are lent.
  ///
  /// - Parameters:
  ///   - count: Rows of a band; the last may have fewer.
  ///   - workers: Who lends threads.
  ///   - write: Is called once for each band, on any thread, with a writer of its rows.
  public mutating func writeBands(
    of count: Int, on workers: any Workers, _ write: @Sendable (inout PlaneWriter) -> Void
  ) {
    precondition(count > 0, "bands of \(count) rows")
    let rows = rows
    let plane = split()
    workers.run(rows.count.dividedRoundingUp(by: count)) { band in
      let first = rows.lowerBound + band * count
      var writer = plane.writer(ofRows: first..<min(first + count, rows.upperBound))
      write(&writer)
    }
  }
}

/// A plane whose rows several threads write, each some of its own; see ``PlaneWriter/split()``.
@safe public struct SplitPlane: ~Escapable, @unchecked Sendable {  // nothing of it changes
  /// The rows that were given away.
  private final class Taken: Sendable {
    let rows = Mutex(RangeSet<Int>())
  }

  /// Bytes of the pixels of a row, without padding.
  public let rowSize: Int
  /// The rows that there are to be given away.
  public let rows: Range<Int>
  private let pitch: Int
  private let base: UnsafeMutableRawPointer
  private let owner: (any PlaneOwner)?
  private let taken = Taken()

  @_lifetime(immortal)
  @unsafe init(
    base: UnsafeMutableRawPointer, pitch: Int, rowSize: Int, rows: Range<Int>,
    owner: (any PlaneOwner)?
  ) {
    unsafe self.base = base
    self.rowSize = rowSize
    self.rows = rows
    self.pitch = pitch
    self.owner = owner
  }

  /// A writer of some of the rows, for this thread. When it ends, on the thread that has it, what it
  /// wrote is visible to whoever is told of it next.
  ///
  /// Ends the process where one of the rows was given away before, also in a release build.
  ///
  /// - Parameter rows: At least one of ``rows``.
  @_lifetime(copy self)
  public func writer(ofRows rows: Range<Int>) -> PlaneWriter {
    precondition(
      !rows.isEmpty && self.rows.contains(rows), "the rows \(rows) are not among \(self.rows)")
    let isNew = taken.rows.withLock { taken in
      guard taken.intersection(RangeSet(rows)).isEmpty else { return false }
      taken.insert(contentsOf: rows)
      return true
    }
    guard isNew else { fatalError("some of the rows \(rows) have a writer already, or had one") }
    return unsafe PlaneWriter(
      base: base, pitch: pitch, rowSize: rowSize, rows: rows,
      during: owner.map { PlaneWriting(partOf: $0) })
  }
}

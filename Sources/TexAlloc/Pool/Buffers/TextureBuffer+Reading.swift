internal import CStreaming

extension TextureBuffer {
  /// Reads one plane: all of its rows with their padding. Memory that is not cached is copied first,
  /// by streaming loads.
  ///
  /// - Parameter evenIfSlow: Loads from memory that is not cached take up to a thousand times as long
  ///   as others, so they must be asked for: where the heap does not say how its memory is cached.
  /// - Throws: `ReadbackRefused` for an image that was not allocated with ``AllocationFlags/cpuRead``,
  ///   nor by a writer that reads, nor adopted for reading, whatever its heap; for memory that is not
  ///   cached, unless it is asked for; and for an image that was discarded.
  public func withReadback<Result: ~Copyable>(
    ofPlane plane: Int = 0, evenIfSlow: Bool = false, _ body: (Span<UInt8>) -> Result
  ) throws(ReadbackRefused) -> Result {
    guard cpuUsage.contains(.read) else { throw ReadbackRefused(buffer: name, .notForReading) }
    guard caching == .cached || evenIfSlow else {
      throw ReadbackRefused(buffer: name, .slow(heap: heap, caching: caching))
    }
    return try withContents(ofPlane: plane, body)
  }

  /// The pixels of one plane, row behind row, without the padding of the rows.
  ///
  /// - Parameter evenIfSlow: As of ``withReadback(ofPlane:evenIfSlow:_:)``.
  /// - Throws: `ReadbackRefused` as that.
  public func pixels(
    ofPlane plane: Int = 0, evenIfSlow: Bool = false
  ) throws(ReadbackRefused) -> [UInt8] {
    try withReadback(ofPlane: plane, evenIfSlow: evenIfSlow) { packedRows(ofPlane: plane, $0) }
  }

  /// Reads one plane for a device that has it copied, or to look at a trial: also what was not
  /// allocated for reading, however slow.
  ///
  /// - Throws: `ReadbackRefused` where it is not mapped for that, is being written, was discarded or lost.
  package func withContents<Result: ~Copyable>(
    ofPlane plane: Int = 0, _ body: (Span<UInt8>) -> Result
  ) throws(ReadbackRefused) -> Result {
    if let reason = discardReason { throw ReadbackRefused(buffer: name, .discarded(reason)) }
    if isLost { throw ReadbackRefused(buffer: name, .lost) }
    if isSpent { throw ReadbackRefused(buffer: name, .spent) }
    guard isMappedForReading else { throw ReadbackRefused(buffer: name, .notForReading) }
    let bytes = unsafe UnsafeRawBufferPointer(bytes(ofPlane: plane))
    switch use.begin(.reader, ofPlane: plane) {
    case .writer: throw ReadbackRefused(buffer: name, .beingWritten(plane: plane))
    case .reader: fatalError("\(name): plane \(plane) has more readers than can be counted")
    case nil: break
    }
    memory.beginAccess(for: .reading)
    defer {
      memory.endAccess(for: .reading, in: range(ofPlane: plane))
      use.end(.reader, ofPlane: plane)
    }
    guard caching == .cached else { return unsafe body([UInt8](streaming: bytes).span) }
    return unsafe body(Span(_unsafeBytes: bytes))
  }

  private func packedRows(ofPlane plane: Int, _ bytes: Span<UInt8>) -> [UInt8] {
    let (pitch, size) = (layout.planes[plane].pitch, layout.rowSize(ofPlane: plane))
    var pixels: [UInt8] = []
    pixels.reserveCapacity(size * layout.rowCount(ofPlane: plane))
    for row in 0..<layout.rowCount(ofPlane: plane) {
      let pixelsOfRow = bytes.extracting(row * pitch..<row * pitch + size)
      unsafe pixelsOfRow.withUnsafeBufferPointer { unsafe pixels.append(contentsOf: $0) }
    }
    return pixels
  }
}

/// Why memory was not read.
public struct ReadbackRefused: Error, Hashable, Sendable {
  public enum Reason: Hashable, Sendable {
    /// The CPU reads it very slowly, or may do, and that was not asked for by name.
    case slow(heap: String?, caching: Caching?)
    /// It was neither allocated with ``AllocationFlags/cpuRead`` nor adopted for reading.
    case notForReading
    /// Writing it failed or was cancelled, in the words of whoever wrote.
    case discarded(String)
    /// It was of a device that is lost.
    case lost
    /// A device has copied it, and the memory went back to the pool.
    case spent
    /// Somebody writes it just now.
    case beingWritten(plane: Int)
  }

  public let buffer: String
  public let reason: Reason

  init(buffer: String, _ reason: Reason) {
    self.buffer = buffer
    self.reason = reason
  }
}

extension ReadbackRefused: CustomStringConvertible {
  public var description: String {
    switch reason {
    case .slow(let heap, let caching):
      "\(buffer): its memory of \(heap ?? "an unknown heap") is"
        + " \(caching?.rawValue ?? "perhaps not cached"), slow to read; ask for it with evenIfSlow"
    case .notForReading:
      "\(buffer): it was neither allocated with the flag cpuRead nor adopted for reading"
    case .discarded(let reason): "\(buffer): it was discarded: \(reason)"
    case .lost: "\(buffer): its memory went with its device, which is lost"
    case .spent: "\(buffer): its memory is spent: a device has a copy; allocate it with rewritten"
    case .beingWritten(let plane): "\(buffer): plane \(plane) has a writer that has not ended"
    }
  }
}

extension [UInt8] {
  /// A copy of memory that is not cached, by the loads that are least slow there: a whole line at a
  /// time where the processor has them (MOVNTDQA, LDNP).
  @unsafe package init(streaming memory: UnsafeRawBufferPointer) {
    unsafe self.init(unsafeUninitializedCapacity: memory.count) { copy, count in
      unsafe texalloc_stream_load(copy.baseAddress, memory.baseAddress, memory.count)
      count = memory.count
    }
  }
}

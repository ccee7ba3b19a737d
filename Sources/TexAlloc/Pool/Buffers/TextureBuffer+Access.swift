internal import CStreaming

extension TextureBuffer {
  /// Writes one plane. Two writers of the same rows at a time tear what they write.
  ///
  /// Traps where ``cpuUsage`` does not hold `sequentialWrite`, which it does for every buffer but one
  /// that was adopted otherwise.
  @_lifetime(borrow self)
  public func writer(ofPlane plane: Int = 0) -> PlaneWriter {
    precondition(cpuUsage.contains(.sequentialWrite), "\(name) was not adopted for writing")
    let access = memory.beginAccess(for: [.sequentialWrite])
    // The buffer keeps the mapping, and the writer cannot outlive the buffer.
    return unsafe PlaneWriter(
      bytes(ofPlane: plane), pitch: layout.planes[plane].pitch,
      rowSize: layout.rowSize(ofPlane: plane), rowCount: layout.rowCount(ofPlane: plane),
      during: access)
  }

  /// Reads one plane: all of its rows with their padding. Memory that is not cached is copied first,
  /// by streaming loads.
  ///
  /// - Parameter evenIfSlow: Loads from memory that is not cached take up to a thousand times as long
  ///   as others, so they must be asked for.
  /// - Throws: `ReadbackRefused` for such memory, unless it is asked for, for memory of the application
  ///   that was not adopted for reading, and for an image that was discarded.
  public func withReadback<Result: ~Copyable>(
    ofPlane plane: Int = 0, evenIfSlow: Bool = false, _ body: (Span<UInt8>) -> Result
  ) throws(ReadbackRefused) -> Result {
    if let reason = discardReason { throw ReadbackRefused(buffer: name, .discarded(reason)) }
    guard cpuUsage.contains(.read) else { throw ReadbackRefused(buffer: name, .notMapped) }
    guard caching == .cached || evenIfSlow else {
      throw ReadbackRefused(buffer: name, .slow(heap: heap, caching: caching))
    }
    let access = memory.beginAccess(for: [.read])
    return withExtendedLifetime(access) {
      let bytes = unsafe UnsafeRawBufferPointer(bytes(ofPlane: plane))
      guard caching == .cached else { return unsafe body([UInt8](streaming: bytes).span) }
      return unsafe body(Span(_unsafeBytes: bytes))
    }
  }

  /// Makes every byte of the image zero, those between the planes too.
  func fillWithZeroes() {
    let access = memory.beginAccess(for: [.sequentialWrite])
    withExtendedLifetime(access) {
      let bytes = unsafe memory.bytes(in: offset..<offset + layout.size)
      unsafe bytes.fillWithZeroes()
    }
  }

  @unsafe private func bytes(ofPlane index: Int) -> UnsafeMutableRawBufferPointer {
    let plane = layout.planes[index]
    let start = offset + plane.offset
    return unsafe memory.bytes(in: start..<start + plane.pitch * plane.rows)
  }
}

/// Why memory was not read.
public struct ReadbackRefused: Error, Hashable, Sendable {
  public enum Reason: Hashable, Sendable {
    /// The CPU reads it very slowly, or may do, and that was not asked for by name.
    case slow(heap: String?, caching: Caching?)
    /// It is the application's, and was not adopted for reading.
    case notMapped
    /// Writing it failed or was cancelled, in the words of whoever wrote.
    case discarded(String)
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
    case .notMapped: "\(buffer): it was adopted without cpuUsage read"
    case .discarded(let reason): "\(buffer): it was discarded: \(reason)"
    }
  }
}

extension UnsafeMutableRawBufferPointer {
  /// Makes every byte zero, and has the zeros seen before whatever is written next.
  func fillWithZeroes() {
    unsafe initializeMemory(as: UInt8.self, repeating: 0)
    texalloc_store_fence()
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

internal import CStreaming

extension TextureBuffer {
  /// Writes one plane. Until the writer ends, nobody else writes or reads the plane: a second writer,
  /// or one while the plane is read, ends the process, also in a release build. Other threads get
  /// rows of it by ``PlaneWriter/split()``. What devices do with the image is for fences to order.
  ///
  /// Traps where ``cpuUsage`` does not hold `sequentialWrite`, which it does for every buffer but one
  /// that was adopted otherwise.
  @_lifetime(borrow self)
  public func writer(ofPlane plane: Int = 0) -> PlaneWriter {
    precondition(cpuUsage.contains(.sequentialWrite), "\(name) was not adopted for writing")
    // The buffer keeps the mapping, and the writer cannot outlive the buffer.
    return unsafe PlaneWriter(
      bytes(ofPlane: plane), pitch: layout.planes[plane].pitch,
      rowSize: layout.rowSize(ofPlane: plane), rowCount: layout.rowCount(ofPlane: plane),
      during: PlaneWriting(of: plane, in: self))
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
    let bytes = unsafe UnsafeRawBufferPointer(bytes(ofPlane: plane))
    switch use.begin(.reader, ofPlane: plane) {
    case .writer: throw ReadbackRefused(buffer: name, .beingWritten(plane: plane))
    case .reader: fatalError("\(name): plane \(plane) has more readers than can be counted")
    case nil: break
    }
    memory.beginAccess(for: [.read])
    defer {
      memory.endAccess(for: [.read])
      use.end(.reader, ofPlane: plane)
    }
    guard caching == .cached else { return unsafe body([UInt8](streaming: bytes).span) }
    return unsafe body(Span(_unsafeBytes: bytes))
  }

  /// Makes every byte of the image zero, those between the planes too.
  func fillWithZeroes() {
    memory.beginAccess(for: [.sequentialWrite])
    defer { memory.endAccess(for: [.sequentialWrite]) }
    let bytes = unsafe memory.bytes(in: offset..<offset + layout.size)
    unsafe bytes.fillWithZeroes()
  }

  @unsafe private func bytes(ofPlane index: Int) -> UnsafeMutableRawBufferPointer {
    precondition(
      layout.planes.indices.contains(index),
      "\(name): there is no plane \(index) among the \(layout.planes.count) of \(layout.format)")
    let plane = layout.planes[index]
    let start = offset + plane.offset
    precondition(plane.offset >= 0 && plane.offset + plane.pitch * plane.rows <= layout.size)
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
    case .notMapped: "\(buffer): it was adopted without cpuUsage read"
    case .discarded(let reason): "\(buffer): it was discarded: \(reason)"
    case .beingWritten(let plane): "\(buffer): plane \(plane) has a writer that has not ended"
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

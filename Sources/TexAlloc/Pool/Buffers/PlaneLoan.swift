internal import CStreaming

/// A plane that is written over several calls by somebody who cannot be held to a scope, as C is: what
/// ``PlaneWriter`` and ``RawPlane`` are to Swift. The plane is taken until nobody holds the loan any more, and
/// what would end the process there is refused here.
///
/// Several threads may write different rows.
@safe package final class PlaneLoan: @unchecked Sendable {
  // Everything is immutable; who writes which bytes is for the borrowers to agree upon.

  package enum Access: Hashable, Sendable {
    /// Whole rows, in order, by ``write(_:from:by:)``.
    case rows
    /// Any order, where the memory is made for it; elsewhere by way of ordinary memory, if `staging` says so.
    case memory(staging: Bool)
  }

  private let buffer: TextureBuffer
  private let plane: Int
  private let base: UnsafeMutableRawPointer
  /// Ordinary memory that goes into the plane at the end.
  private let stage: UnsafeMutableRawPointer?
  private let isRaw: Bool
  /// Bytes of the pixels of a row, and from one row to the next.
  package let rowSize, pitch: Int
  package let rowCount: Int

  /// - Throws: `WritingRefused`; the plane is then as it was.
  package init(
    of buffer: TextureBuffer, plane: Int, for access: Access
  ) throws(WritingRefused) {
    try buffer.checkWriting()
    try buffer.beginWriting(plane: plane)
    let layout = buffer.layout
    self.buffer = buffer
    self.plane = plane
    unsafe base = buffer.firstByte(ofPlane: plane)
    (rowSize, pitch) = (layout.rowSize(ofPlane: plane), layout.planes[plane].pitch)
    rowCount = layout.rowCount(ofPlane: plane)
    guard case .memory(let staging) = access else {
      isRaw = false
      unsafe stage = nil
      return
    }
    do throws(RawPlaneRefused) {
      try buffer.beginRawAccess()
      isRaw = true
      unsafe stage = nil
    } catch {
      isRaw = false
      unsafe stage = staging ? Self.emptyStage(of: rowCount * pitch) : nil
      if !staging { throw WritingRefused(buffer: buffer.name, .raw(error)) }
    }
  }

  private static func emptyStage(of size: Int) -> UnsafeMutableRawPointer {
    let stage = UnsafeMutableRawPointer.allocate(byteCount: size, alignment: PlaneWriter.lineSize)
    unsafe stage.initializeMemory(as: UInt8.self, repeating: 0, count: size)
    return unsafe stage
  }

  deinit {
    if let stage = unsafe stage {
      // All of its rows, which are there.
      try? unsafe write(UnsafeRawPointer(stage), to: 0..<rowCount, by: pitch)
      unsafe stage.deallocate()
    }
    if isRaw {
      for row in 0..<rowCount where rowSize < pitch {
        unsafe texalloc_stream_padding(base + row * pitch, rowSize, pitch)
      }
      buffer.endRawAccess()
    }
    texalloc_store_fence()
    buffer.endWriting(plane: plane)
  }

  /// Whether its memory is ordinary memory, which goes into the plane at the end.
  package var isStaged: Bool { unsafe stage != nil }

  /// The first row, for as long as the loan lives; nil of one for rows.
  @unsafe package var memory: UnsafeMutableRawPointer? { unsafe isRaw ? base : stage }

  /// Writes rows, and zeros behind each; all is seen by others when this returns.
  ///
  /// - Parameters:
  ///   - pixels: Of the first of them, `rowSize` bytes; and so on, `stride` bytes further each.
  ///   - rows: Of the plane.
  /// - Throws: `WritingRefused` for rows that there are not.
  @unsafe package func write(
    _ pixels: UnsafeRawPointer, to rows: Range<Int>, by stride: Int
  ) throws(WritingRefused) {
    // The loan has the plane, and its memory lives as long as the buffer.
    var writer = unsafe PlaneWriter(
      UnsafeMutableRawBufferPointer(start: base, count: pitch * rowCount), pitch: pitch,
      rowSize: rowSize, rowCount: rowCount)
    unsafe try writer.write(pixels, to: rows, by: stride, of: buffer)
  }
}

extension PlaneWriter {
  fileprivate mutating func write(
    _ pixels: UnsafeRawPointer, to rows: Range<Int>, by stride: Int, of buffer: TextureBuffer
  ) throws(WritingRefused) {
    guard rows.upperBound <= rowCount else {
      throw WritingRefused(buffer: buffer.name, .noRows(upTo: rows.upperBound, of: rowCount))
    }
    guard stride >= rowSize || rows.count < 2 else {
      throw WritingRefused(buffer: buffer.name, .stride(stride, rowSize: rowSize))
    }
    for (index, row) in rows.enumerated() {
      unsafe write(
        Span(_unsafeBytes: UnsafeRawBufferPointer(start: pixels + index * stride, count: rowSize)),
        row: row)
    }
  }
}

extension TextureBuffer {
  /// Writes rows as ``PlaneLoan/write(_:to:by:)`` does, of a plane that nobody has on loan.
  ///
  /// - Throws: `WritingRefused`; the plane is then as it was.
  @unsafe package func write(
    _ pixels: UnsafeRawPointer, to rows: Range<Int>, by stride: Int, ofPlane plane: Int
  ) throws(WritingRefused) {
    try checkWriting()
    let writing = try PlaneWriting(ofFree: plane, in: self)
    // The writer does not outlive the buffer.
    var writer = unsafe PlaneWriter(
      bytes(ofPlane: plane), pitch: layout.planes[plane].pitch,
      rowSize: layout.rowSize(ofPlane: plane), rowCount: layout.rowCount(ofPlane: plane),
      during: writing)
    unsafe try writer.write(pixels, to: rows, by: stride, of: self)
  }

  fileprivate func checkWriting() throws(WritingRefused) {
    guard cpuUsage.contains(where: \.isWrite) else {
      throw WritingRefused(buffer: name, .notForWriting)
    }
  }

  /// Where a plane begins, for whoever writes it.
  @unsafe func firstByte(ofPlane plane: Int) -> UnsafeMutableRawPointer {
    guard let start = unsafe bytes(ofPlane: plane).baseAddress else {
      preconditionFailure("\(name): a plane of no bytes")
    }
    return unsafe start
  }
}

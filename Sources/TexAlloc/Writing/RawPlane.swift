internal import CStreaming

/// Rows of a plane for a library that wants an address and a pitch, and writes as it likes: libwebp,
/// dav1d, a painter. It comes from the plane's writer, which writes nothing until this ends.
///
/// ```swift
/// var writer = buffer.writer()
/// var plane = try writer.raw(staging: true)
/// let pitch = plane.pitch
/// unsafe plane.withUnsafeBytes { unsafe paint($0.baseAddress, pitch) }
/// ```
///
/// It is the plane's own memory where the image was allocated, or adopted, for the CPU to read or to
/// write in any order, and that memory is cached. Elsewhere it is staged, if the caller says so:
/// ordinary memory, which is written to the plane, whole lines in order, when this ends. Few rows at a
/// time then stay in the CPU's caches.
///
/// Whoever wants no staging says so before the image has memory, or asks for ``AllocationFlags/cpuRead``:
///
/// ```swift
/// var image = ImageDescriptor(width: 640, height: 480, formats: [.argb8888])
/// image.writer.cpuUsage = [.randomWrite]
/// let buffer = try pool.allocate(image)
/// ```
@safe public struct RawPlane: ~Copyable, ~Escapable {
  /// Of the plane, counted from 0 at its top.
  public let rows: Range<Int>
  /// Bytes of the pixels of a row, without padding.
  public let rowSize: Int
  /// Bytes from one row to the next: those of the plane, also where it is staged.
  public let pitch: Int
  /// Where the first of the rows begins in the plane.
  private let base: UnsafeMutableRawPointer
  /// nil where it is the plane's own memory.
  private let stage: UnsafeMutableRawPointer?
  private let owner: (any PlaneOwner)?

  @_lifetime(immortal)
  @unsafe fileprivate init(
    _ base: UnsafeMutableRawPointer, pitch: Int, rowSize: Int, rows: Range<Int>,
    of owner: (any PlaneOwner)?, staging: Bool
  ) throws(RawPlaneRefused) {
    unsafe self.base = base
    self.pitch = pitch
    self.rowSize = rowSize
    self.rows = rows
    do throws(RawPlaneRefused) {
      try owner?.beginRawAccess()
      self.owner = owner
      unsafe stage = nil
    } catch {
      guard staging else { throw error }
      self.owner = nil
      let size = rows.count * pitch
      let stage = unsafe UnsafeMutableRawPointer.allocate(
        byteCount: size, alignment: Self.alignment(of: base, pitch))
      unsafe stage.initializeMemory(as: UInt8.self, repeating: 0, count: size)
      unsafe self.stage = stage
    }
  }

  deinit {
    let end = rows.count * pitch
    if let stage = unsafe stage {
      for start in stride(from: 0, to: end, by: pitch) {
        unsafe texalloc_stream_row(base + start, stage + start, rowSize, pitch)
      }
      unsafe stage.deallocate()
    } else {
      for start in stride(from: 0, to: end, by: pitch) where rowSize < pitch {
        unsafe texalloc_stream_padding(base + start, rowSize, pitch)
      }
      owner?.endRawAccess()
    }
  }

  /// Whether it is ordinary memory, which is zero at first; else it holds what was in the plane.
  public var isStaged: Bool { unsafe stage != nil }

  /// A power of two that every row begins at a multiple of: at least ``PlaneWriter/lineSize``, and as
  /// much more as the plane has.
  public var alignment: Int { unsafe Self.alignment(of: base, pitch) }

  /// Lends the rows, each with its padding, which is zero when this ends, whatever is written there.
  ///
  /// - Parameter body: Is given all of them. They must not be used after it returns.
  @unsafe public mutating func withUnsafeBytes<Result: ~Copyable, Failure: Error>(
    _ body: (UnsafeMutableRawBufferPointer) throws(Failure) -> Result
  ) throws(Failure) -> Result {
    unsafe try body(
      UnsafeMutableRawBufferPointer(start: stage ?? base, count: rows.count * pitch))
  }

  private static func alignment(of base: UnsafeMutableRawPointer, _ pitch: Int) -> Int {
    1 << (Int(bitPattern: base) | pitch).trailingZeroBitCount
  }
}

extension PlaneWriter {
  /// Lends rows to a library that writes in any order; see ``RawPlane``.
  ///
  /// - Parameters:
  ///   - rows: Some of its own; all of them where nil.
  ///   - staging: Whether ordinary memory will do where the plane's own will not.
  /// - Throws: `RawPlaneRefused` where the plane's own will not, and staging was not asked for.
  @_lifetime(&self)
  public mutating func raw(
    rows: Range<Int>? = nil, staging: Bool = false
  ) throws(RawPlaneRefused) -> RawPlane {
    let rows = rows ?? self.rows
    // The rows cannot outlive the writer, nor the writer the memory.
    return unsafe try RawPlane(
      rows.isEmpty ? base : address(ofRows: rows), pitch: pitch, rowSize: rowSize, rows: rows,
      of: owner, staging: staging)
  }
}

/// Why a library does not get the memory of a plane as it is.
public struct RawPlaneRefused: Error, Hashable, Sendable {
  public enum Reason: Hashable, Sendable {
    /// The image was neither allocated nor adopted for the CPU to read, or to write in any order.
    case notForRandomAccess
    /// The CPU reads it very slowly, or may do.
    case notCached(heap: String?, caching: Caching?)
  }

  public let buffer: String
  public let reason: Reason

  init(buffer: String, _ reason: Reason) {
    self.buffer = buffer
    self.reason = reason
  }
}

extension RawPlaneRefused: CustomStringConvertible {
  public var description: String {
    switch reason {
    case .notForRandomAccess:
      "\(buffer): it is written in order and never read; ask for staging, or allocate it for a writer"
        + " whose cpuUsage is randomWrite, or with the flag cpuRead"
    case .notCached(let heap, let caching):
      "\(buffer): its memory of \(heap ?? "an unknown heap") is"
        + " \(caching?.rawValue ?? "perhaps not cached"); ask for staging"
    }
  }
}

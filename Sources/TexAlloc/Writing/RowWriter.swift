internal import CStreaming

/// Writes one row of a plane from left to right, in pieces of any size.
///
/// A line leaves for memory when it is full, so that each is written once, and whole. When the row
/// ends, what was not appended is written as zeros. There is no way to read the row, to copy this,
/// or to keep it longer than the writer of the plane.
///
/// Whoever has the pixels of a whole row at hand passes them to ``PlaneWriter/write(_:row:)``, which
/// is as fast as memory; gathering pieces is not.
@safe public struct RowWriter: ~Copyable, ~Escapable {
  /// Bytes of the pixels of the row, without padding.
  public let size: Int
  /// Bytes appended so far.
  public private(set) var count = 0
  private let base: UnsafeMutableRawPointer
  private let pitch: Int
  /// The bytes appended to the line that is not full yet.
  private var line = InlineArray<64, UInt8>(repeating: 0)

  /// - Parameter base: The first byte of the row, where a line begins. The row must outlive this:
  ///   whoever returns it says so.
  @_lifetime(immortal)
  @unsafe init(_ base: UnsafeMutableRawPointer, size: Int, pitch: Int) {
    unsafe self.base = base
    self.size = size
    self.pitch = pitch
  }

  deinit { finish() }

  /// Appends bytes from ordinary memory, at most as many as the row has left.
  public mutating func append(_ bytes: Span<UInt8>) {
    precondition(bytes.count <= size - count, "\(bytes.count) bytes after \(count) of \(size)")
    let first = held == 0 ? 0 : min(line.count - held, bytes.count)
    gather(bytes.extracting(first: first))
    let rest = bytes.extracting(droppingFirst: first)
    let last = rest.count % line.count
    write(rest.extracting(droppingLast: last))
    gather(rest.extracting(last: last))
  }

  /// Appends one byte again and again, at most as often as the row has bytes left.
  public mutating func append(repeating byte: UInt8, count: Int) {
    precondition(0 <= count && count <= size - self.count, "\(count) bytes after \(self.count)")
    let bytes = InlineArray<64, UInt8>(repeating: byte)
    var left = count
    while left > 0 {
      let piece = min(line.count - held, left)
      gather(bytes.span.extracting(first: piece))
      left -= piece
    }
  }

  /// Bytes appended to the line that is not full yet.
  private var held: Int { count % line.count }

  /// Appends bytes to the line, no more than fit, and writes it when it is full.
  private mutating func gather(_ bytes: Span<UInt8>) {
    for index in bytes.indices { line[held + index] = bytes[index] }
    let isFull = held + bytes.count == line.count
    if isFull {
      unsafe line.span.withUnsafeBytes {
        unsafe texalloc_stream_row(base + count - held, $0.baseAddress, line.count, line.count)
      }
    }
    count += bytes.count
  }

  /// Appends whole lines where a line begins.
  private mutating func write(_ lines: Span<UInt8>) {
    unsafe lines.withUnsafeBytes {
      unsafe texalloc_stream_row(base + count, $0.baseAddress, $0.count, $0.count)
    }
    count += lines.count
  }
  /// Writes the line that is not full, and all behind it.
  private func finish() {
    let start = count - held
    guard start < pitch else { return }
    unsafe line.span.withUnsafeBytes {
      unsafe texalloc_stream_row(base + start, $0.baseAddress, held, pitch - start)
    }
  }
}

/// The pixels of one cell in ordinary memory, to be drawn: rows of bytes, the border aside.
public struct CellPixels: ~Copyable, ~Escapable {
  /// Bytes of a row.
  public let rowSize: Int
  public let rowCount: Int
  /// Bytes from one row to the next; those between belong to others.
  public let pitch: Int
  private let first: Int
  private var page: MutableSpan<UInt8>

  /// - Parameter first: Bytes from the start of the page to the first row.
  @_lifetime(copy page)
  init(
    _ page: consuming MutableSpan<UInt8>, first: Int, pitch: Int, rowSize: Int, rowCount: Int
  ) {
    precondition(0 <= first && first + (rowCount - 1) * pitch + rowSize <= page.count)
    self.first = first
    self.pitch = pitch
    self.rowSize = rowSize
    self.rowCount = rowCount
    self.page = page
  }

  /// One row, from 0 at the top.
  @_lifetime(&self)
  public mutating func row(_ y: Int) -> MutableSpan<UInt8> {
    precondition(0 <= y && y < rowCount, "row \(y) of \(rowCount)")
    let start = first + y * pitch
    return page.part(start..<start + rowSize)
  }

  /// Lets C draw all rows: it is given the first byte, and must leave alone what lies between them.
  @unsafe package mutating func withUnsafeRows<Result>(
    _ body: (UnsafeMutablePointer<UInt8>) -> Result
  ) -> Result {
    unsafe page.withUnsafeMutableBufferPointer {
      guard let start = $0.baseAddress else { preconditionFailure("a page has pixels") }
      return unsafe body(start + first)
    }
  }
}

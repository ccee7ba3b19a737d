public import TexAlloc

/// One image that holds many small ones.
///
/// They are drawn into a *shadow* of the page in ordinary memory, where drawing may read and write
/// as it likes; ``flush()`` then writes the lines that changed to the buffer, whole and in order.
public final class AtlasPage {
  /// What one flush wrote.
  public struct Flush: Hashable, Sendable {
    /// Every line that changed lies in one of these rows: the first time in any.
    public let rows: Range<Int>
    /// Bytes of the lines that were drawn. The first flush writes all others, too, as zeros.
    public let byteCount: Int
  }

  /// The memory that the GPU samples.
  public let buffer: TextureBuffer
  private var packer: SkylinePacker
  private var shadow: PageShadow

  /// Writes nothing yet: the first flush writes the whole buffer, so that nothing of its earlier life
  /// is sampled.
  init(_ buffer: TextureBuffer) throws(AtlasError) {
    let layout = buffer.layout
    guard layout.shapes.count == 1, layout.shapes[0].isPixels else {
      throw .unsupported(layout.format)
    }
    self.buffer = buffer
    packer = SkylinePacker(width: layout.width, height: layout.height)
    shadow = PageShadow(
      pixelSize: layout.shapes[0].bytesPerElement, pitch: layout.planes[0].pitch,
      rowCount: layout.height)
  }

  /// An empty place, which the next flush writes whole; nil where the page has no room.
  func insert(width: Int, height: Int) -> TexelRectangle? {
    guard let place = packer.insert(width: width, height: height) else { return nil }
    shadow.touch(place)
    return place
  }

  /// Empties a place and takes it back.
  func remove(_ place: TexelRectangle) {
    shadow.clear(place)
    packer.remove(place)
  }

  func draw<Failure: Error>(
    in rectangle: TexelRectangle, _ body: (inout CellPixels) throws(Failure) -> Void
  ) throws(Failure) {
    try shadow.draw(in: rectangle, body)
  }

  /// Writes the lines that changed since the last flush to the buffer. A line that others share is
  /// written with the pixels that they have there already, so draws under way see no change.
  ///
  /// - Returns: What was written, or nil where nothing had changed.
  @discardableResult
  public func flush() -> Flush? {
    shadow.flush(to: buffer)
  }
}

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

extension MutableSpan {
  /// The elements of a range, for as long as this is not used itself. The one place that knows the
  /// standard library's provisional name.
  @_lifetime(&self)
  mutating func part(_ range: Range<Int>) -> Self { _mutatingExtracting(range) }
}

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
  private var packer: ShelfPacker
  private var shadow: PageShadow

  /// Writes nothing yet: the first flush writes the whole buffer, so that nothing of its earlier life
  /// is sampled.
  init(_ buffer: TextureBuffer) throws(AtlasError) {
    let layout = buffer.layout
    guard let planes = layout.format.fourcc.planes, planes.count == 1,
      planes[0].horizontalSubsampling == 1, planes[0].verticalSubsampling == 1,
      planes[0].bytes(across: 1) == planes[0].bytesPerElement
    else { throw .unsupported(layout.format) }
    self.buffer = buffer
    packer = ShelfPacker(width: layout.width, height: layout.height)
    shadow = PageShadow(
      pixelSize: planes[0].bytesPerElement, pitch: layout.planes[0].pitch,
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

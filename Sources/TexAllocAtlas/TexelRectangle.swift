/// A part of an image, in pixels from its upper left corner: numbers of 32 bits.
public struct TexelRectangle: Hashable, Sendable {
  // Two words, which are handed on in registers.
  @usableFromInline var left, top, columnCount, rowCount: Int32

  @inlinable public init(x: Int, y: Int, width: Int, height: Int) {
    (left, top, columnCount, rowCount) = (Int32(x), Int32(y), Int32(width), Int32(height))
  }

  @inlinable public var x: Int {
    get { Int(left) }
    set { left = Int32(newValue) }
  }
  @inlinable public var y: Int {
    get { Int(top) }
    set { top = Int32(newValue) }
  }
  @inlinable public var width: Int {
    get { Int(columnCount) }
    set { columnCount = Int32(newValue) }
  }
  @inlinable public var height: Int {
    get { Int(rowCount) }
    set { rowCount = Int32(newValue) }
  }

  /// The rows that it touches.
  public var rows: Range<Int> { y..<y + height }
  /// The columns that it touches.
  public var columns: Range<Int> { x..<x + width }

  var area: Int { width * height }

  /// The same without a margin of so many pixels on each side.
  func inset(by margin: Int) -> TexelRectangle {
    let margin = Int32(margin)
    var inner = self
    inner.left += margin
    inner.top += margin
    inner.columnCount -= 2 * margin
    inner.rowCount -= 2 * margin
    return inner
  }
}

/// As small as can be, as thousands are kept. A side of a page is at most 32,768 pixels.
struct SmallRectangle: Equatable, Sendable {
  private let x, y, width, height: UInt16

  init(_ rectangle: TexelRectangle) {
    (x, y) = (UInt16(rectangle.x), UInt16(rectangle.y))
    (width, height) = (UInt16(rectangle.width), UInt16(rectangle.height))
  }

  var area: Int { Int(width) * Int(height) }

  var rectangle: TexelRectangle {
    TexelRectangle(x: Int(x), y: Int(y), width: Int(width), height: Int(height))
  }
}

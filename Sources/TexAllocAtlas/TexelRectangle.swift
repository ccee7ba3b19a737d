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

  /// Whether it ends where another begins that has the same rows.
  func isLeft(of other: TexelRectangle) -> Bool {
    x + width == other.x && y == other.y && height == other.height
  }

  /// The same without a margin of so many pixels on each side.
  func inset(by margin: Int) -> TexelRectangle {
    TexelRectangle(
      x: x + margin, y: y + margin, width: width - 2 * margin, height: height - 2 * margin)
  }
}

/// As small as can be, as thousands are kept. A side of a page is at most 32,768 pixels.
struct SmallRectangle: Equatable, Sendable {
  private let x, y, width, height: UInt16

  init(_ rectangle: TexelRectangle) {
    (x, y) = (UInt16(rectangle.x), UInt16(rectangle.y))
    (width, height) = (UInt16(rectangle.width), UInt16(rectangle.height))
  }

  var rectangle: TexelRectangle {
    TexelRectangle(x: Int(x), y: Int(y), width: Int(width), height: Int(height))
  }
}

/// A part of an image, in pixels from its upper left corner.
public struct TexelRectangle: Hashable, Sendable {
  public var x, y, width, height: Int

  public init(x: Int, y: Int, width: Int, height: Int) {
    self.x = x
    self.y = y
    self.width = width
    self.height = height
  }

  /// The rows that it touches.
  public var rows: Range<Int> { y..<y + height }
  /// The columns that it touches.
  public var columns: Range<Int> { x..<x + width }

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

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

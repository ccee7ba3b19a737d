/// A part of a plot, as wide as a column.
protocol Panel {
  var height: Double { get }

  /// - Parameters:
  ///   - x: Of the left edge.
  ///   - y: Of the upper edge.
  func draw(on drawing: inout Drawing, x: Double, y: Double, width: Double)
}

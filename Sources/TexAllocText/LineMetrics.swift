internal import CFreeType

/// How high the lines of a face are at one size, in whole pixels.
public struct LineMetrics: Hashable, Sendable {
  /// From the baseline up to the top of the tallest letters.
  public let ascent: Double
  /// From the baseline down to the bottom of the deepest.
  public let descent: Double
  /// From one baseline to the next.
  public let lineHeight: Double
}

extension FontFace {
  /// What the font says about its lines.
  public func lineMetrics(pixelSize: Double) throws(FontError) -> LineMetrics {
    try select(size(pixels: pixelSize))
    let metrics = unsafe handle.pointee.size.pointee.metrics
    return LineMetrics(
      ascent: Double(metrics.ascender) / 64, descent: -Double(metrics.descender) / 64,
      lineHeight: Double(metrics.height) / 64)
  }
}

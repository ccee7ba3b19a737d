import TexAlloc

extension TextureBuffer {
  /// Writes bytes that no shift of them has.
  ///
  /// - Returns: The rows, without padding.
  @discardableResult
  func writePattern(seed: Int = 0) -> [UInt8] {
    var writer = writer()
    return (0..<writer.rowCount).flatMap { y in
      let row = (0..<writer.rowSize).map { UInt8(truncatingIfNeeded: $0 * 7 + y * 31 + seed) }
      writer.write(row.span, row: y)
      return row
    }
  }
}

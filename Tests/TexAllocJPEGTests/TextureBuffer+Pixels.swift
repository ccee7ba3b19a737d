import TexAlloc

extension TextureBuffer {
  /// The rows without their padding, one after the other.
  func pixels() throws -> [UInt8] {
    let rowSize = layout.rowSize(ofPlane: 0)
    return try bytesOfRows { $0..<$0 + rowSize }
  }

  /// What lies behind the pixels of the rows, one after the other.
  func padding() throws -> [UInt8] {
    let (rowSize, pitch) = (layout.rowSize(ofPlane: 0), layout.planes[0].pitch)
    return try bytesOfRows { $0 + rowSize..<$0 + pitch }
  }

  /// The rows with their padding.
  func allBytes() throws -> [UInt8] {
    let pitch = layout.planes[0].pitch
    return try bytesOfRows { $0..<$0 + pitch }
  }

  func fill(with byte: UInt8) {
    var writer = writer()
    writer.fill(0..<writer.rowCount, with: byte)
  }

  private func bytesOfRows(_ part: (_ start: Int) -> Range<Int>) throws -> [UInt8] {
    try withContents { span in
      unsafe span.withUnsafeBufferPointer { bytes in
        var result: [UInt8] = []
        for row in 0..<layout.height {
          let range = part(row * layout.planes[0].pitch)
          unsafe result += UnsafeBufferPointer(rebasing: bytes[range])
        }
        return result
      }
    }
  }
}

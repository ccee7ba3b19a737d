import TexAlloc
import XCTest

extension TextureBuffer {
  /// The rows without their padding, one after the other.
  func pixels() throws -> [UInt8] {
    let (pitch, rowSize) = (layout.planes[0].pitch, layout.rowSize(ofPlane: 0))
    var pixels: [UInt8] = []
    pixels.reserveCapacity(rowSize * layout.height)
    try withReadback { bytes in
      unsafe bytes.withUnsafeBufferPointer {
        for row in 0..<layout.height {
          unsafe pixels += $0[row * pitch..<row * pitch + rowSize]
        }
      }
    }
    return pixels
  }
}

/// Makes JPEG files of a picture with gradients, edges and noise.
package enum SampleFile {
  /// - Parameter options: Of cjpeg(1), as one would type them.
  package static func make(_ width: Int, _ height: Int, _ options: String = "") throws -> [UInt8] {
    try Tool.cjpeg(portablePixmap(width, height), options)
  }

  private static func portablePixmap(_ width: Int, _ height: Int) -> [UInt8] {
    var random = SplitMix64(seed: UInt64(width << 20 | height))
    var bytes = Array("P6\n\(width) \(height)\n255\n".utf8)
    for y in 0..<height {
      for x in 0..<width {
        let noise = Int(truncatingIfNeeded: random.next()) & 31
        let edge = (x / 9 + y / 7) & 1 * 90
        for ramp in [x * 3, y * 5, x + y] {
          bytes.append(UInt8(truncatingIfNeeded: (ramp + edge) & 0xDF + noise))
        }
      }
    }
    return bytes
  }
}

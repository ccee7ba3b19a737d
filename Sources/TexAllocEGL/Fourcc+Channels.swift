internal import TexAlloc

/// What a shader sees of the bytes of a pixel.
struct PixelChannels {
  let bytesPerPixel: Int
  /// How far a channel may be off: formats of fewer than eight bits are widened.
  let tolerance: Int
  private let colour: @Sendable (ArraySlice<UInt8>) -> [UInt8]

  fileprivate init(
    _ bytesPerPixel: Int, tolerance: Int = 0,
    _ colour: @escaping @Sendable (ArraySlice<UInt8>) -> [UInt8]
  ) {
    self.bytesPerPixel = bytesPerPixel
    self.tolerance = tolerance
    self.colour = colour
  }

  /// Red, green, blue and alpha of a pixel of a row.
  func colour(of row: [UInt8], at x: Int) -> [UInt8] {
    colour(Array(row[x * bytesPerPixel..<(x + 1) * bytesPerPixel])[...])
  }
}

extension Fourcc {
  /// nil for a format whose pixels do not stand for themselves.
  var channels: PixelChannels? {
    switch self {
    case .abgr8888: PixelChannels(4) { [$0[0], $0[1], $0[2], $0[3]] }
    case .xbgr8888: PixelChannels(4) { [$0[0], $0[1], $0[2], 255] }
    case .argb8888: PixelChannels(4) { [$0[2], $0[1], $0[0], $0[3]] }
    case .xrgb8888: PixelChannels(4) { [$0[2], $0[1], $0[0], 255] }
    case .r8: PixelChannels(1) { [$0[0], 0, 0, 255] }
    case .gr88: PixelChannels(2) { [$0[0], $0[1], 0, 255] }
    case .rgb565:
      PixelChannels(2, tolerance: 1) {
        let pixel = Int($0[0]) | Int($0[1]) << 8
        return [
          UInt8((pixel >> 11) * 255 / 31), UInt8((pixel >> 5 & 63) * 255 / 63),
          UInt8((pixel & 31) * 255 / 31), 255,
        ]
      }
    default: nil
    }
  }
}

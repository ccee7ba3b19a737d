/// What becomes of pixels in ordinary memory while a row is written. Bytes are named in the order in
/// which they lie in memory.
public enum PixelConversion: Hashable, Sendable {
  /// One byte of coverage becomes that much of a colour, premultiplied: red, green, blue and alpha,
  /// each multiplied by the byte / 255 and rounded to the nearest. For ``Fourcc/abgr8888``.
  ///
  /// The colour is itself premultiplied: no channel exceeds its alpha.
  case a8ToRGBA(colour: SIMD4<UInt8>)
  /// Red, green and blue, and behind them 255. For ``Fourcc/xbgr8888`` and ``Fourcc/abgr8888``.
  case rgbToRGBX
  /// The upper 5, 6 and 5 bits of red, green and blue; the fourth byte is dropped. For
  /// ``Fourcc/rgb565``.
  case rgbxToRGB565
  /// One byte three times, and behind them 255. For ``Fourcc/xbgr8888`` and ``Fourcc/abgr8888``.
  case greyToRGBX
}

extension PixelConversion {
  /// Bytes that one pixel takes in ordinary memory.
  public var sourcePixelSize: Int {
    switch self {
    case .a8ToRGBA, .greyToRGBX: 1
    case .rgbToRGBX: 3
    case .rgbxToRGB565: 4
    }
  }

  /// Bytes that one pixel takes in the row.
  public var pixelSize: Int {
    switch self {
    case .a8ToRGBA, .rgbToRGBX, .greyToRGBX: 4
    case .rgbxToRGB565: 2
    }
  }
}

import TexAlloc

/// The conversions a byte at a time, too simple to be wrong.
extension PixelConversion {
  func scalar(_ pixels: ArraySlice<UInt8>) -> [UInt8] {
    let first = pixels.startIndex
    return stride(from: first, to: pixels.endIndex, by: sourcePixelSize).flatMap { at -> [UInt8] in
      switch self {
      case .a8ToRGBA(let colour):
        return (0..<4).map { UInt8((Double(colour[$0]) * Double(pixels[at]) / 255).rounded()) }
      case .rgbToRGBX:
        return [pixels[at], pixels[at + 1], pixels[at + 2], 255]
      case .rgbxToRGB565:
        let (red, green, blue) = (Int(pixels[at]), Int(pixels[at + 1]), Int(pixels[at + 2]))
        let packed = red / 8 * 2048 + green / 4 * 32 + blue / 8
        return [UInt8(packed % 256), UInt8(packed / 256)]
      case .greyToRGBX:
        return [pixels[at], pixels[at], pixels[at], 255]
      }
    }
  }
}

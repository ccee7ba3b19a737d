internal import Glibc
internal import TexAlloc

/// What a shader sees of the bytes of a pixel.
struct PixelChannels {
  let shape: PlaneShape
  let sampling: Sampling

  /// nil for numbers of a kind that is not known here.
  init?(shape: PlaneShape, sampling: Sampling) {
    guard shape.bytesPerElement <= 8,
      shape.channels.allSatisfy({ shape.isFloat ? $0.bits == 16 : $0.bits <= 32 })
    else { return nil }
    self.shape = shape
    self.sampling = sampling
  }

  var bytesPerPixel: Int { shape.bytesPerElement }

  /// How far a channel may be off: formats of other than eight bits are widened or narrowed, and light
  /// is rounded.
  var tolerance: Int {
    sampling == .asStored && shape.channels.allSatisfy { $0.bits == 8 } ? 0 : 1
  }

  /// Red, green, blue and alpha of each pixel of a row, as bytes.
  func colours(of row: [UInt8]) -> [[UInt8]?] {
    (0..<row.count / bytesPerPixel).map { colour(of: row, at: $0) }
  }

  private func colour(of row: [UInt8], at x: Int) -> [UInt8] {
    var pixel = row[x * bytesPerPixel..<(x + 1) * bytesPerPixel].reversed()
      .reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
    var colour: [UInt8] = [0, 0, 0, 255]
    for channel in shape.channels {
      if let place = [.red, .green, .blue, .alpha].firstIndex(of: channel.meaning) {
        colour[place] = byte(of: pixel, bits: channel.bits)
      }
      pixel >>= channel.bits
    }
    if sampling == .asLight { for place in 0..<3 { colour[place] = Self.light(colour[place]) } }
    return colour
  }

  /// What the lowest bits of a pixel are as a byte.
  private func byte(of pixel: UInt64, bits: Int) -> UInt8 {
    let most = UInt64(1) << bits - 1
    guard shape.isFloat else { return UInt8(((pixel & most) * 255 + most / 2) / most) }
    let number = Float(Float16(bitPattern: UInt16(truncatingIfNeeded: pixel)))
    return number.isNaN ? 0 : UInt8((min(max(number, 0), 1) * 255).rounded())
  }

  /// The transfer of sRGB undone: IEC 61966-2-1.
  private static func light(_ number: UInt8) -> UInt8 {
    let part = Double(number) / 255
    let light = part <= 0.04045 ? part / 12.92 : pow((part + 0.055) / 1.055, 2.4)
    return UInt8((light * 255).rounded())
  }
}

extension ImageLayout {
  /// What a shader sees of the texels of each texture that shows the image; nil where they do not stand
  /// for themselves.
  func channels(as form: TextureForm) -> [PixelChannels]? {
    guard form == .planes ? shapes.areSampledApart : shapes.count == 1 && shapes[0].isRGB else {
      return nil
    }
    let channels = shapes.compactMap { shape in
      shape.texels.flatMap { PixelChannels(shape: $0, sampling: sampling) }
    }
    return channels.count == shapes.count ? channels : nil
  }
}

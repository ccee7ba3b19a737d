internal import Glibc

/// What a shader sees of the bytes of a pixel.
package struct PixelChannels {
  package let shape: PlaneShape
  package let sampling: Sampling

  /// nil for numbers of a kind that is not known here.
  package init?(shape: PlaneShape, sampling: Sampling) {
    guard shape.bytesPerElement <= 8,
      shape.channels.allSatisfy({ shape.isFloat ? $0.bits == 16 : $0.bits <= 32 })
    else { return nil }
    self.shape = shape
    self.sampling = sampling
  }

  package var bytesPerPixel: Int { shape.bytesPerElement }

  /// How far a channel may be off: formats of other than eight bits are widened or narrowed, and light
  /// is rounded.
  package var tolerance: Int {
    sampling == .asStored && shape.channels.allSatisfy { $0.bits == 8 } ? 0 : 1
  }

  /// Red, green, blue and alpha of each pixel of a row, as bytes.
  package func colours(of row: [UInt8]) -> [[UInt8]?] {
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

extension PlaneShape {
  package var isLuma: Bool { channels.contains { $0.meaning == .luma } }

  /// What a texture of this plane alone holds: the plane as it is, or red, or red and green in the place
  /// of luma and chroma. nil where there is no such texture.
  package var texels: PlaneShape? {
    if isRGB && isPixels { return self }
    return alone.flatMap { FormatTable.known[$0]?.first }
  }
}

extension [PlaneShape] {
  /// Whether a shader can put the image together of a texture for each plane.
  package var areSampledApart: Bool {
    count > 1 && contains(where: \.isLuma) && allSatisfy { $0.alone != nil }
  }
}

extension ImageLayout {
  /// Texels of a texture that shows one plane of the image by itself.
  package func texels(ofPlane index: Int) -> ImageSize {
    ImageSize(
      width: width.dividedRoundingUp(by: shapes[index].horizontalSubsampling),
      height: rowCount(ofPlane: index))
  }

  /// Bytes of a row of a trial image that no other row, no other turn and no shift of the row has; of half
  /// floats, numbers from 0 to 1.
  package func trialPattern(ofRow row: Int, plane: Int, turn: Int) -> [UInt8] {
    let start = row &* 97 &+ turn &* 3571 &+ plane &* 1299 &+ 13
    let isFloat = shapes[plane].isFloat
    return (0..<rowSize(ofPlane: plane)).map {
      let byte = UInt8(truncatingIfNeeded: ($0 &* 2_654_435_761 &+ start) >> 5)
      return isFloat && $0 % 2 == 1 ? byte & 0x3B : byte
    }
  }
}

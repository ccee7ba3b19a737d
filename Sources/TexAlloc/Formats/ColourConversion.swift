/// What makes red, green and blue of luma and chroma: ITU-R BT.601, BT.709 and BT.2020.
package struct ColourConversion: Hashable, Sendable {
  /// Red, green and blue, from 0 to 1 where nothing is out of range: each the sum of luma, blue chroma,
  /// red chroma and 1, times these.
  package let red, green, blue: SIMD4<Double>

  /// - Parameters:
  ///   - bits: Of the numbers.
  ///   - scale: What the numbers, as parts of the largest that those bits hold, are still to be multiplied
  ///     by.
  package init(_ colour: Colour, bits: Int = 8, scale: Double = 1) {
    let (kr, kb) = colour.matrix.weights
    let kg = 1 - kr - kb
    let most = Double(1 << bits - 1)
    // Black, grey, and how far white and the strongest colours are from them.
    let unit = Double(1 << (bits - 8))
    let (black, lumaRange, chromaRange) =
      colour.range == .full ? (0, most, most) : (16 * unit, 219 * unit, 224 * unit)
    let (lumaGain, chromaGain) = (most / lumaRange, most / chromaRange)
    func row(_ blue: Double, _ red: Double) -> SIMD4<Double> {
      let (blue, red) = (blue * chromaGain, red * chromaGain)
      let constant = -black / lumaRange - (blue + red) * 128 * unit / most
      return SIMD4(lumaGain * scale, blue * scale, red * scale, constant)
    }
    red = row(0, 2 * (1 - kr))
    green = row(-2 * kb * (1 - kb) / kg, -2 * kr * (1 - kr) / kg)
    blue = row(2 * (1 - kb), 0)
  }

  /// Red, green and blue as bytes, of numbers that are parts of the largest.
  package func bytes(_ luma: Double, _ blueChroma: Double, _ redChroma: Double) -> [UInt8] {
    let numbers = SIMD4(luma, blueChroma, redChroma, 1)
    return [red, green, blue].map { row in
      UInt8((min(max((row * numbers).sum(), 0), 1) * 255).rounded())
    }
  }
}

extension Colour.Matrix {
  /// The parts of red and blue in luma.
  fileprivate var weights: (red: Double, blue: Double) {
    switch self {
    case .bt601: (0.299, 0.114)
    case .bt709: (0.2126, 0.0722)
    case .bt2020: (0.2627, 0.0593)
    }
  }
}

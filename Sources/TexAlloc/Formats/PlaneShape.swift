/// What one plane of a linear format holds: an element of so many bytes for so many pixels, and what
/// the bits of an element mean.
public struct PlaneShape: Hashable, Sendable {
  /// What some bits of an element mean.
  public struct Channel: Hashable, Sendable {
    public enum Meaning: Hashable, Sendable {
      case red, green, blue, alpha
      case luma, blueChroma, redChroma
      /// Nothing: they are ignored.
      case unused
    }

    public let meaning: Meaning
    public let bits: Int

    public init(_ meaning: Meaning, bits: Int) {
      self.meaning = meaning
      self.bits = bits
    }
  }

  /// Pixels of the image across, and down, that share one element.
  public let horizontalSubsampling, verticalSubsampling: Int
  /// From the lowest bit of the element, whose bytes are in little-endian order: from its first byte.
  public let channels: [Channel]
  /// Whether its numbers are floating-point ones rather than parts of a whole.
  public let isFloat: Bool
  /// Bytes of one element.
  public let bytesPerElement: Int

  /// - Parameters:
  ///   - channels: Whole bytes, all in all; `[.init(.unused, bits: 32)]` where nobody here needs to know
  ///     what they mean.
  ///   - across: Pixels of the image that share an element, at least 1.
  ///   - down: Likewise.
  public init(_ channels: [Channel], across: Int = 1, down: Int = 1, isFloat: Bool = false) {
    let bits = channels.reduce(0) { $0 + $1.bits }
    precondition(bits > 0 && bits.isMultiple(of: 8), "an element of \(bits) bits")
    precondition(across > 0 && down > 0, "an element for \(across)x\(down) pixels")
    self.channels = channels
    horizontalSubsampling = across
    verticalSubsampling = down
    self.isFloat = isFloat
    bytesPerElement = bits / 8
  }

  /// Bytes that the pixels of a row take in an image of this width in pixels; nil on overflow.
  public func bytes(across width: Int) -> Int? {
    width.dividedRoundingUp(by: horizontalSubsampling).checkedProduct(bytesPerElement)
  }

  /// Rows of an image of this height in pixels.
  public func rows(down height: Int) -> Int {
    height.dividedRoundingUp(by: verticalSubsampling)
  }

  /// Whether each pixel has an element of its own.
  public var isPixels: Bool { horizontalSubsampling == 1 && verticalSubsampling == 1 }

  /// Whether its channels are red, green and blue, or fewer, so that it is seen as it stands.
  public var isRGB: Bool {
    channels.contains { [.red, .green, .blue].contains($0.meaning) }
  }

  /// The format of this plane taken by itself, as the two of NV12 are `R8` and `GR88`: how a texture
  /// of one plane holds it. nil where there is none.
  public var alone: Fourcc? {
    let numbers = channels.count { $0.meaning != .unused }
    return switch (numbers, bytesPerElement) {
    case (1, 1): .r8
    case (1, 2): .r16
    case (2, 2): .gr88
    case (2, 4): .gr1616
    default: nil
    }
  }
}

/// What the numbers of an image mean as colours, beyond what its format says.
///
/// Matrix, range and siting speak of formats of luma and chroma; those of red, green and blue are
/// always of full range.
public struct Colour: Hashable, Sendable {
  /// What makes luma and chroma of red, green and blue.
  public enum Matrix: String, CaseIterable, Sendable {
    /// ITU-R BT.601: JPEG, and video of standard definition.
    case bt601
    /// ITU-R BT.709: video of high definition.
    case bt709
    /// ITU-R BT.2020 with luma that is not constant.
    case bt2020
  }

  /// Which numbers are black and white.
  public enum Range: String, CaseIterable, Sendable {
    /// All that the bits hold.
    case full
    /// Of eight bits, 16 to 235 for luma and 16 to 240 for chroma.
    case limited
  }

  /// How the numbers grow with light.
  public enum Transfer: String, CaseIterable, Sendable {
    /// IEC 61966-2-1: what pictures and screens have.
    case sRGB
    /// The numbers are light: what half floats usually hold.
    case linear
    /// ITU-R BT.709, and alike BT.601 and BT.2020.
    case bt709
    /// SMPTE ST 2084: perceptual quantizer.
    case pq
    /// ITU-R BT.2100: hybrid log-gamma.
    case hlg
  }

  /// Where, in one direction, a sample of chroma lies among the samples of luma that share it.
  public enum Siting: String, CaseIterable, Sendable {
    /// In the middle of them.
    case centred
    /// At the first of them.
    case cosited
  }

  public var matrix: Matrix
  public var range: Range
  public var transfer: Transfer
  public var horizontalSiting, verticalSiting: Siting

  /// Unless told otherwise, what JFIF says, which makes ``picture``.
  public init(
    matrix: Matrix = .bt601, range: Range = .full, transfer: Transfer = .sRGB,
    horizontalSiting: Siting = .centred, verticalSiting: Siting = .centred
  ) {
    self.matrix = matrix
    self.range = range
    self.transfer = transfer
    self.horizontalSiting = horizontalSiting
    self.verticalSiting = verticalSiting
  }

  /// Pictures: sRGB, and as luma and chroma what JFIF (ITU-T T.871) says.
  public static let picture = Colour()
  /// Video of high definition, as H.264 and H.265 have it by default.
  public static let video = Colour(
    matrix: .bt709, range: .limited, transfer: .bt709, horizontalSiting: .cosited)
}

/// What the fourth channel of a pixel says of the other three.
public enum Alpha: String, CaseIterable, Sendable {
  /// They were multiplied by it: what blending wants, and glyphs have.
  case premultiplied
  /// They were not: what PNG has.
  case straight
  /// Nothing: the image is opaque.
  case opaque
}

/// What a shader gets of the numbers of a texture.
public enum Sampling: String, CaseIterable, Sendable {
  /// The numbers themselves.
  case asStored
  /// Light: the texture undoes the transfer of sRGB before it filters. Only for 8-bit formats of red,
  /// green and blue whose `transfer` is sRGB; a device that cannot refuses.
  case asLight
}

/// A pixel format by its four-character code, as in `drm_fourcc.h`.
///
/// The number is the four characters in little-endian order: `AB24` is `0x34324241`.
public struct Fourcc: RawRepresentable, Hashable, Sendable {
  public var rawValue: UInt32

  public init(rawValue: UInt32) {
    self.rawValue = rawValue
  }

  /// Four printable ASCII characters, or nil: `Fourcc("R8  ")` has two spaces.
  public init?(_ characters: some StringProtocol) {
    let bytes = characters.utf8
    guard bytes.count == 4, bytes.allSatisfy(\.isPrintableASCII) else { return nil }
    self.init(rawValue: bytes.reversed().reduce(0) { $0 << 8 | UInt32($1) })
  }

  /// `R`, `G`, `B`, `A` bytes in memory, in this order.
  public static let abgr8888 = Fourcc(rawValue: 0x3432_4241)
  /// `R`, `G`, `B` and an ignored byte.
  public static let xbgr8888 = Fourcc(rawValue: 0x3432_4258)
  /// `B`, `G`, `R`, `A` bytes.
  public static let argb8888 = Fourcc(rawValue: 0x3432_5241)
  /// `B`, `G`, `R` and an ignored byte.
  public static let xrgb8888 = Fourcc(rawValue: 0x3432_5258)
  /// Little-endian 16 bits: red in the upper five, blue in the lower five.
  public static let rgb565 = Fourcc(rawValue: 0x3631_4752)
  /// One byte, sampled as red.
  public static let r8 = Fourcc(rawValue: 0x2020_3852)
  /// `R` and `G` bytes.
  public static let gr88 = Fourcc(rawValue: 0x3838_5247)
  /// `Y0`, `Cb`, `Y1`, `Cr` for two pixels.
  public static let yuyv = Fourcc(rawValue: 0x5659_5559)
  /// `Cb`, `Y0`, `Cr`, `Y1` for two pixels.
  public static let uyvy = Fourcc(rawValue: 0x5956_5955)
  /// A plane of luma, then one of interleaved `Cb`, `Cr` at half width and height.
  public static let nv12 = Fourcc(rawValue: 0x3231_564E)
  /// A plane of luma, then `Cb` and `Cr` planes at half width and height.
  public static let yuv420 = Fourcc(rawValue: 0x3231_5559)
}

extension Fourcc: CustomStringConvertible {
  /// The four characters; the number in hexadecimal where one of them does not print.
  public var description: String {
    let bytes = (0..<4).map { UInt8(truncatingIfNeeded: rawValue >> (8 * $0)) }
    guard bytes.allSatisfy(\.isPrintableASCII) else {
      return "0x" + String(rawValue, radix: 16)
    }
    return String(decoding: bytes, as: UTF8.self)
  }
}

extension UInt8 {
  fileprivate var isPrintableASCII: Bool { 0x20 <= self && self <= 0x7E }
}

/// How the pixels of a format are arranged in memory: `DRM_FORMAT_MOD_*` of `drm_fourcc.h`.
public struct Modifier: RawRepresentable, Hashable, Sendable {
  public var rawValue: UInt64

  public init(rawValue: UInt64) {
    self.rawValue = rawValue
  }

  /// Rows from top to bottom, pixels from left to right: the only one a CPU writes.
  public static let linear = Modifier(rawValue: 0)
  /// `DRM_FORMAT_MOD_INVALID`: the driver keeps the arrangement to itself.
  public static let invalid = Modifier(rawValue: 0x00FF_FFFF_FFFF_FFFF)
}

/// A pixel format together with its arrangement in memory; components agree on the pair.
public struct Format: Hashable, Sendable {
  public var fourcc: Fourcc
  public var modifier: Modifier

  public init(_ fourcc: Fourcc, _ modifier: Modifier = .linear) {
    self.fourcc = fourcc
    self.modifier = modifier
  }
}

extension Format: CustomStringConvertible {
  public var description: String {
    modifier == .linear ? "\(fourcc)" : "\(fourcc)/0x\(String(modifier.rawValue, radix: 16))"
  }
}

extension Format: Comparable {
  /// By fourcc number, then by modifier.
  public static func < (left: Format, right: Format) -> Bool {
    left.fourcc.rawValue != right.fourcc.rawValue
      ? left.fourcc.rawValue < right.fourcc.rawValue
      : left.modifier.rawValue < right.modifier.rawValue
  }
}

/// What one plane of a linear format holds: an element of so many bytes for so many pixels.
public struct PlaneShape: Hashable, Sendable {
  /// Pixels of the image across, and down, that share one element.
  public let horizontalSubsampling, verticalSubsampling: Int
  /// Bytes of one element.
  public let bytesPerElement: Int
  /// Elements that come only together: 2 for `YUYV`, whose rows hold whole pairs of pixels.
  let elementsPerGroup: Int

  init(_ horizontal: Int, _ vertical: Int, _ bytes: Int, group: Int = 1) {
    horizontalSubsampling = horizontal
    verticalSubsampling = vertical
    bytesPerElement = bytes
    elementsPerGroup = group
  }

  /// Bytes that the pixels of a row take in an image of this width in pixels; nil on overflow.
  public func bytes(across width: Int) -> Int? {
    width.dividedRoundingUp(by: horizontalSubsampling)
      .checkedRoundedUp(toMultipleOf: elementsPerGroup)?
      .checkedProduct(bytesPerElement)
  }

  /// Rows of an image of this height in pixels.
  public func rows(down height: Int) -> Int {
    height.dividedRoundingUp(by: verticalSubsampling)
  }
}

extension Fourcc {
  /// The planes of this format when it is linear; nil for a format that this library does not know.
  public var planes: [PlaneShape]? {
    switch self {
    case .abgr8888, .xbgr8888, .argb8888, .xrgb8888: [PlaneShape(1, 1, 4)]
    case .rgb565, .gr88: [PlaneShape(1, 1, 2)]
    case .r8: [PlaneShape(1, 1, 1)]
    case .yuyv, .uyvy: [PlaneShape(1, 1, 2, group: 2)]
    case .nv12: [PlaneShape(1, 1, 1), PlaneShape(2, 2, 2)]
    case .yuv420: [PlaneShape(1, 1, 1), PlaneShape(2, 2, 1), PlaneShape(2, 2, 1)]
    default: nil
    }
  }
}

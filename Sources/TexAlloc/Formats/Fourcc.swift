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

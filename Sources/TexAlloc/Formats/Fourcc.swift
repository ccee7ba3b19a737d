/// A pixel format by its four-character code, as in `drm_fourcc.h`. ``FormatTable/known`` has those
/// whose planes this library knows.
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
    self.init(characters: bytes)
  }

  /// Of four characters that are known to print.
  init(known characters: StaticString) {
    self.init(characters: characters.description.utf8)
  }

  private init(characters bytes: some Sequence<UInt8>) {
    self.init(rawValue: bytes.reversed().reduce(0) { $0 << 8 | UInt32($1) })
  }

  /// The planes of this format when it is linear, by ``FormatTable/known``; nil for a format that is
  /// not in it.
  public var planes: [PlaneShape]? { FormatTable.known[self] }
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

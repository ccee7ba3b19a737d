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

/// How pictures are coded, by the four characters that [Video4Linux] has for it.
///
/// [Video4Linux]: https://docs.kernel.org/userspace-api/media/v4l/pixfmt-compressed.html
public struct CodedFormat: RawRepresentable, Hashable, Sendable {
  public var rawValue: UInt32

  public init(rawValue: UInt32) { self.rawValue = rawValue }

  /// Four ASCII characters.
  private init(known characters: StaticString) {
    rawValue = characters.description.utf8.reversed().reduce(0) { $0 << 8 | UInt32($1) }
  }

  public static let
    jpeg = CodedFormat(known: "JPEG"),
    /// JPEG pictures one behind the other, which may lack tables that all have.
    motionJPEG = CodedFormat(known: "MJPG"),
    h264 = CodedFormat(known: "H264"),
    hevc = CodedFormat(known: "HEVC"),
    mpeg2 = CodedFormat(known: "MPG2"),
    mpeg4 = CodedFormat(known: "MPG4"),
    vp8 = CodedFormat(known: "VP80"),
    vp9 = CodedFormat(known: "VP90"),
    av1 = CodedFormat(known: "AV01"),
    /// The fast Walsh-Hadamard transform: what the kernel's virtual codec has.
    fwht = CodedFormat(known: "FWHT")

  /// Those that are told picture by picture what is in their bytes, which this library does not parse.
  private static let stateless: Set<String> = [
    "S264", "S265", "MG2S", "VP8F", "VP9F", "AV1F", "SFWH", "RV3S",
  ]

  var isStateless: Bool { Self.stateless.contains(description) }
  var isKnown: Bool {
    [.jpeg, .motionJPEG, .h264, .hevc, .mpeg2, .mpeg4, .vp8, .vp9, .av1, .fwht].contains(self)
  }
}

extension CodedFormat: CustomStringConvertible {
  /// The four characters.
  public var description: String {
    String(
      decoding: (0..<4).map { UInt8(truncatingIfNeeded: rawValue >> ($0 * 8)) }, as: UTF8.self)
  }
}

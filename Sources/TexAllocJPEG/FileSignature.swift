/// What the first bytes of a file tell about its kind.
struct FileSignature {
  private let kind: String
  private let bytes: [UInt8]
  /// Bytes from the start of the file.
  private let offset: Int

  private init(_ kind: String, _ bytes: [UInt8], at offset: Int = 0) {
    self.kind = kind
    self.bytes = bytes
    self.offset = offset
  }

  private init(_ kind: String, _ characters: String, at offset: Int = 0) {
    self.init(kind, Array(characters.utf8), at: offset)
  }

  private static let jpeg = FileSignature("a JPEG", [0xFF, 0xD8])

  private static let others = [
    FileSignature("a PNG", [0x89, 0x50, 0x4E, 0x47]),
    FileSignature("a GIF", "GIF8"),
    FileSignature("a WebP", "WEBP", at: 8),
    FileSignature("an AVIF", "ftypavif", at: 4),
    FileSignature("a HEIF", "ftyphei", at: 4),
    FileSignature("a HEIF", "ftypmif1", at: 4),
    FileSignature("a JPEG XL", [0xFF, 0x0A]),
    FileSignature("a JPEG XL", "JXL ", at: 4),
    FileSignature("a JPEG 2000", "jP  ", at: 4),
    FileSignature("a JPEG 2000", [0xFF, 0x4F, 0xFF, 0x51]),
    FileSignature("a BMP", "BM"),
    FileSignature("a TIFF", [0x49, 0x49, 0x2A, 0x00]),
    FileSignature("a TIFF", [0x4D, 0x4D, 0x00, 0x2A]),
    FileSignature("XML or HTML", "<"),
  ]

  /// What a file that does not begin as a JPEG does seems to be; nil for one that does.
  static func kindUnlessJPEG(_ file: [UInt8]) -> String? {
    if jpeg.begins(file) { return nil }
    if let other = others.first(where: { $0.begins(file) }) { return other.kind }
    let start = file.prefix(4).map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }
    return "something that begins with " + start.joined(separator: " ")
  }

  private func begins(_ file: [UInt8]) -> Bool {
    file.dropFirst(offset).starts(with: bytes)
  }
}

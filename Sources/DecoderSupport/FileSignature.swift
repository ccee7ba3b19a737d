package import TexAlloc

/// What the first bytes of a file tell about its kind.
package struct FileSignature: Sendable {
  /// Bytes that are looked at.
  package static let size = 12

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

  package static let jpeg = FileSignature("a JPEG", [0xFF, 0xD8])
  package static let png = FileSignature(
    "a PNG", [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A])

  private static let others = [
    jpeg, FileSignature("a PNG", [0x89, 0x50, 0x4E, 0x47]),
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

  /// - Throws: `empty`, or `unrecognized` with what it seems to be instead.
  package func check(_ source: ImageSource) throws(ImageDecodingError) {
    var bytes = InlineArray<12, UInt8>(repeating: 0)
    var span = bytes.mutableSpan
    let count = try source.read(into: &span, at: 0)
    if begins(bytes.span.extracting(first: count)) { return }
    if count == 0 { throw ImageDecodingError(source.name, .empty) }
    let start = bytes.indices.prefix(count).map { bytes[$0] }
    if let other = Self.others.first(where: { $0.begins(start.span) }) {
      throw ImageDecodingError(source.name, .unrecognized(other.kind))
    }
    let digits = start.prefix(4).map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }
    throw ImageDecodingError(
      source.name, .unrecognized("something that begins with " + digits.joined(separator: " ")))
  }

  package func begins(_ file: Span<UInt8>) -> Bool {
    guard file.count >= offset + bytes.count else { return false }
    return bytes.indices.allSatisfy { file[offset + $0] == bytes[$0] }
  }
}

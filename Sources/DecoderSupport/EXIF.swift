package import TexAlloc

/// Finds the orientation and the thumbnail in the EXIF of a file: a TIFF file without pixels of its own,
/// whose first directory is about the picture, and the second about a small one ([EXIF] 2.32, 4.5.4, 4.6.2
/// and 4.6.4).
///
/// [EXIF]: https://www.cipa.jp/std/documents/e/DC-X008-Translation-2019-E.pdf
package struct EXIF: ~Escapable {
  package struct Malformed: Error {
    package let message: String
  }

  /// A small picture, as a JPEG file of its own.
  package struct Thumbnail {
    package let bytes: Range<Int>
    package let orientation: Orientation
  }

  private enum Tag: Int, CustomStringConvertible {
    case compression = 0x0103
    case orientation = 0x0112
    case thumbnailStart = 0x0201
    case thumbnailSize = 0x0202

    var description: String {
      switch self {
      case .compression: "compression"
      case .orientation: "orientation"
      case .thumbnailStart: "place of a thumbnail"
      case .thumbnailSize: "size of a thumbnail"
      }
    }
  }

  private static let entrySize = 12

  private let bytes: Span<UInt8>
  private let isBigEndian: Bool

  /// - Parameter bytes: What follows the name of the segment.
  @_lifetime(copy bytes)
  private init(_ bytes: Span<UInt8>) throws(Malformed) {
    guard bytes.count >= 8 else { throw Malformed(message: "it ends in its header") }
    switch (bytes[0], bytes[1]) {
    case (UInt8(ascii: "I"), UInt8(ascii: "I")): isBigEndian = false
    case (UInt8(ascii: "M"), UInt8(ascii: "M")): isBigEndian = true
    default: throw Malformed(message: "it names no order of bytes")
    }
    self.bytes = bytes
    guard number(at: 2, size: 2) == 42 else { throw Malformed(message: "it is no TIFF") }
  }

  /// How the picture is to be shown: upright where nothing is said of it.
  package static func orientation(in bytes: Span<UInt8>) throws(Malformed) -> Orientation {
    try EXIF(bytes).orientation()
  }

  /// - Returns: nil where there is none.
  package static func thumbnail(in bytes: Span<UInt8>) throws(Malformed) -> Thumbnail? {
    try EXIF(bytes).thumbnail()
  }

  private func orientation() throws(Malformed) -> Orientation {
    guard let first = directory(at: 4) else {
      throw Malformed(message: "its first directory lies outside")
    }
    return try orientation(in: first) ?? .upright
  }

  private func thumbnail() throws(Malformed) -> Thumbnail? {
    guard let first = directory(at: 4) else {
      throw Malformed(message: "its first directory lies outside")
    }
    let link = first.start + first.count * Self.entrySize
    guard let next = number(at: link, size: 4), next != 0 else { return nil }
    guard let second = directory(at: link) else {
      throw Malformed(message: "its second directory lies outside")
    }
    guard let start = try number(.thumbnailStart, in: second),
      let size = try number(.thumbnailSize, in: second)
    else { return nil }
    if let compression = try number(.compression, in: second), compression != 6 {
      throw Malformed(message: "its thumbnail is no JPEG")
    }
    guard size > 0, start <= bytes.count, size <= bytes.count - start else {
      throw Malformed(message: "its thumbnail lies outside")
    }
    // Whoever turned the picture may have left the thumbnail as it was, which then says so itself.
    let (own, other) = (try orientation(in: second), try orientation(in: first))
    return Thumbnail(bytes: start..<start + size, orientation: own ?? other ?? .upright)
  }

  /// Where the entries of a directory begin, and how many there are.
  private typealias Directory = (start: Int, count: Int)

  /// - Parameter link: Where its place is told.
  private func directory(at link: Int) -> Directory? {
    guard let start = number(at: link, size: 4), let count = number(at: start, size: 2) else {
      return nil
    }
    return (start + 2, count)
  }

  /// Where the entry of a tag is; nil where there is none.
  private func entry(_ wanted: Tag, in directory: Directory) throws(Malformed) -> Int? {
    for index in 0..<directory.count {
      let entry = directory.start + index * Self.entrySize
      guard let tag = number(at: entry, size: 2) else {
        throw Malformed(message: "a directory ends early")
      }
      if tag == wanted.rawValue { return entry }
    }
    return nil
  }

  private func orientation(in directory: Directory) throws(Malformed) -> Orientation? {
    guard let value = try number(.orientation, in: directory) else { return nil }
    guard let orientation = UInt8(exactly: value).flatMap(Orientation.init) else {
      throw Malformed(message: "its orientation is \(value), not 1 to 8")
    }
    return orientation
  }

  /// One number of 16 or of 32 bits, as the standard has it, or of 8, as some programs write it; nil where
  /// there is no such tag.
  private func number(_ tag: Tag, in directory: Directory) throws(Malformed) -> Int? {
    guard let entry = try entry(tag, in: directory) else { return nil }
    let sizes = [1: 1, 3: 2, 4: 4]
    guard let type = number(at: entry + 2, size: 2), let size = sizes[type],
      number(at: entry + 4, size: 4) == 1, let value = number(at: entry + 8, size: size)
    else { throw Malformed(message: "its \(tag) is not one number") }
    return value
  }

  /// nil where it does not lie within the bytes.
  private func number(at offset: Int, size: Int) -> Int? {
    guard 0 <= offset, offset <= bytes.count - size else { return nil }
    var value = 0
    for index in 0..<size {
      let byte = Int(bytes[offset + index])
      value |= byte << (8 * (isBigEndian ? size - 1 - index : index))
    }
    return value
  }
}

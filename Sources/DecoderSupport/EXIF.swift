package import TexAlloc

/// Finds the orientation in the EXIF of a file: a TIFF file without pixels, whose first directory has
/// a tag for it ([EXIF] 2.32, 4.6.2 and 4.6.4).
///
/// [EXIF]: https://www.cipa.jp/std/documents/e/DC-X008-Translation-2019-E.pdf
package struct EXIF: ~Escapable {
  package struct Malformed: Error {
    package let message: String
  }

  private static let orientationTag = 0x0112
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

  private func orientation() throws(Malformed) -> Orientation {
    guard let start = number(at: 4, size: 4), let count = number(at: start, size: 2) else {
      throw Malformed(message: "its first directory lies outside")
    }
    for index in 0..<count {
      let entry = start + 2 + index * Self.entrySize
      guard let tag = number(at: entry, size: 2) else {
        throw Malformed(message: "its first directory ends early")
      }
      if tag == Self.orientationTag { return try orientation(at: entry) }
    }
    return .upright
  }

  /// One number of 16 bits, as the standard has it, or of 8 or 32, as some programs write it.
  private func orientation(at entry: Int) throws(Malformed) -> Orientation {
    let sizes = [1: 1, 3: 2, 4: 4]
    guard let type = number(at: entry + 2, size: 2), let size = sizes[type],
      number(at: entry + 4, size: 4) == 1, let value = number(at: entry + 8, size: size)
    else { throw Malformed(message: "its orientation is not one number") }
    guard let orientation = UInt8(exactly: value).flatMap(Orientation.init) else {
      throw Malformed(message: "its orientation is \(value), not 1 to 8")
    }
    return orientation
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

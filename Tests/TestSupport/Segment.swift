/// A marker segment of a JPEG file.
package struct Segment {
  package let marker: UInt8
  package let bytes: [UInt8]

  package init(marker: UInt8, bytes: [UInt8]) {
    self.marker = marker
    self.bytes = bytes
  }

  package static func exif(_ bytes: [UInt8]) -> Segment {
    Segment(marker: 0xE1, bytes: Array("Exif\0\0".utf8) + bytes)
  }

  /// A profile in one part.
  package static func whole(_ profile: [UInt8]) -> Segment { .profile(part: 1, of: 1, profile) }

  /// - Parameters:
  ///   - part: From 1.
  ///   - count: Of all parts.
  package static func profile(part: UInt8, of count: UInt8, _ bytes: some Sequence<UInt8>)
    -> Segment
  {
    Segment(marker: 0xE2, bytes: Array("ICC_PROFILE\0".utf8) + [part, count] + bytes)
  }

  /// EXIF with one directory, of one entry for the orientation.
  ///
  /// - Parameter type: Of the number: 3 for 16 bits.
  package static func orientation(_ value: Int, bigEndian: Bool = false, type: Int = 3) -> Segment {
    func number(_ value: Int, _ size: Int) -> [UInt8] {
      let bytes = (0..<size).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) }
      return bigEndian ? bytes.reversed() : bytes
    }
    let size = [1: 1, 3: 2, 4: 4][type] ?? 4
    return exif(
      Array((bigEndian ? "MM" : "II").utf8) + number(42, 2) + number(8, 4)
        + number(1, 2) + number(0x0112, 2) + number(type, 2) + number(1, 4)
        + number(value, size) + [UInt8](repeating: 0, count: 4 - size)
        + number(0, 4))
  }

  /// EXIF with a thumbnail.
  ///
  /// - Parameter lengthens: Bytes by which the size that is told is too large.
  package static func thumbnail(
    _ thumbnail: [UInt8], bigEndian: Bool = false, orientation: Int = 1,
    ownOrientation: Int? = nil, compression: Int = 6, lengthens: Int = 0
  ) -> Segment {
    func number(_ value: Int, _ size: Int) -> [UInt8] {
      let bytes = (0..<size).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) }
      return bigEndian ? bytes.reversed() : bytes
    }
    func short(_ tag: Int, _ value: Int) -> [UInt8] {
      number(tag, 2) + number(3, 2) + number(1, 4) + number(value, 2) + [0, 0]
    }
    func long(_ tag: Int, _ value: Int) -> [UInt8] {
      number(tag, 2) + number(4, 2) + number(1, 4) + number(value, 4)
    }
    let first = number(1, 2) + short(0x0112, orientation)
    let own = ownOrientation.map { short(0x0112, $0) } ?? []
    let count = 3 + (ownOrientation == nil ? 0 : 1)
    let second = 8 + first.count + 4
    let start = second + 2 + count * 12 + 4
    let entries =
      short(0x0103, compression) + own + long(0x0201, start)
      + long(0x0202, thumbnail.count + lengthens)
    return .exif(
      Array((bigEndian ? "MM" : "II").utf8) + number(42, 2) + number(8, 4) + first
        + number(second, 4) + number(count, 2) + entries + number(0, 4) + thumbnail)
  }
}

extension [UInt8] {
  /// The same JPEG file with segments right behind its start.
  package func inserting(_ segments: [Segment]) -> [UInt8] {
    self[..<2]
      + segments.flatMap { segment in
        let size = segment.bytes.count + 2
        return [0xFF, segment.marker, UInt8(size >> 8), UInt8(size & 255)] + segment.bytes
      } + self[2...]
  }
}

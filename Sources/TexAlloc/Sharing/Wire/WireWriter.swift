/// The bytes of a message as they come to be: integers in little-endian order, nothing between them.
struct WireWriter {
  private(set) var bytes: [UInt8] = []

  mutating func append(_ number: some FixedWidthInteger) {
    var rest = number
    for _ in 0..<number.bitWidth / 8 {
      bytes.append(UInt8(truncatingIfNeeded: rest))
      rest >>= 8
    }
  }

  mutating func append<Word: WireWord>(_ word: Word) {
    guard let place = Word.wireWords.firstIndex(of: word) else {
      preconditionFailure("\(word) is not in the list of its kind")
    }
    append(UInt8(place))
  }

  /// Its size in two bytes, then its UTF-8.
  mutating func append(_ text: String) {
    append(UInt16(clamping: text.utf8.count))
    bytes += text.utf8
  }

  /// Fills in what is known at the end.
  mutating func replace(_ number: UInt32, at offset: Int) {
    for byte in 0..<4 { bytes[offset + byte] = UInt8(truncatingIfNeeded: number >> (8 * byte)) }
  }
}

extension String {
  /// As much of it as a message takes: printable characters, at most so many bytes of UTF-8.
  func fit(forWire limit: Int) -> String {
    var (fit, size) = ("", 0)
    for scalar in unicodeScalars {
      let scalar = scalar.isControl ? " " : scalar
      size += UTF8.width(scalar)
      guard size <= limit else { break }
      fit.unicodeScalars.append(scalar)
    }
    return fit
  }
}

extension Unicode.Scalar {
  /// Whether it could tell a terminal something: C0, C1, and DEL.
  var isControl: Bool { value < 0x20 || (0x7F...0x9F).contains(value) }
}

extension UInt8 {
  static let digits = UInt8(ascii: "0")...UInt8(ascii: "9")

  var isDigit: Bool { Self.digits.contains(self) }

  /// Of JSON, which has four.
  var isSpace: Bool { self == 0x20 || self == 0x09 || self == 0x0A || self == 0x0D }
}

extension ArraySlice<UInt8> {
  /// From the quote at the start past the one that ends the string; to the end where none does.
  var stringLiteral: Self {
    var position = startIndex + 1
    while position < endIndex, self[position] != UInt8(ascii: "\"") {
      position += self[position] == UInt8(ascii: "\\") ? 2 : 1
    }
    return self[startIndex..<Swift.min(position + 1, endIndex)]
  }

  /// The characters of numbers at the start.
  var numberLiteral: Self { prefix { $0.isDigit || "+-.eE".utf8.contains($0) } }

  /// Whether this is `-? (0 | [1-9] digits) (. digits)? ([eE] [+-]? digits)?`.
  var isNumber: Bool {
    var rest = self
    rest.skip("-")
    let whole = rest.skipDigits()
    var isRight = whole.count == 1 || (whole.count > 1 && whole.first != UInt8(ascii: "0"))
    if rest.skip(".") { isRight = isRight && !rest.skipDigits().isEmpty }
    if rest.skip("eE") {
      rest.skip("+-")
      isRight = isRight && !rest.skipDigits().isEmpty
    }
    return isRight && rest.isEmpty
  }

  /// Whether a number may be too large for 64 bits, or for a double.
  var mayPassLimits: Bool {
    count > 18 || contains(UInt8(ascii: "e")) || contains(UInt8(ascii: "E"))
  }

  @discardableResult private mutating func skip(_ anyOf: String) -> Bool {
    guard let first, anyOf.utf8.contains(first) else { return false }
    removeFirst()
    return true
  }

  private mutating func skipDigits() -> Self {
    let digits = prefix(while: \.isDigit)
    removeFirst(digits.count)
    return digits
  }
}

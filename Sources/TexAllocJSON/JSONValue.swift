internal import TexAlloc

/// A JSON value that keeps what jansson's own forgets: repeated keys and how a number is written.
package enum JSONValue {
  package struct Member {
    package let key: String
    package let value: JSONValue

    package init(key: String, value: JSONValue) {
      self.key = key
      self.value = value
    }
  }

  /// In the order of the text; keys may repeat.
  case object([Member])
  case array([JSONValue])
  case string(String)
  /// Written with digits only where it was read.
  case integer(Int)
  /// Never read. Not finite: written as null.
  case real(Double)
  /// Any other number that was read, as it is written; one that `Int` cannot hold, to be written as
  /// a string.
  case otherNumber(String)
  case boolean(Bool)
  case null
}

extension JSONValue {
  /// As JSON on one line.
  package var text: String { Jansson.text(self) }

  /// Members without a value are left out.
  package static func object(_ members: KeyValuePairs<String, JSONValue?>) -> JSONValue {
    .object(members.compactMap { key, value in value.map { Member(key: key, value: $0) } })
  }

  package static func strings(_ strings: [String]) -> JSONValue {
    .array(strings.map { .string($0) })
  }

  package static func words(_ words: [some RawRepresentable<String>]) -> JSONValue {
    .strings(words.map(\.rawValue))
  }

  static func formats(_ formats: [Format]) -> JSONValue { .array(formats.map { .init($0) }) }

  init(_ format: Format) {
    self = .object([
      "fourcc": .string(format.fourcc.description),
      "modifier": .init(format.modifier),
    ])
  }

  init(_ modifier: Modifier) {
    let number = modifier.rawValue
    self = Int(exactly: number).map { .integer($0) } ?? .otherNumber("\(number)")
  }
}

extension BufferConstraints {
  /// The fields that are set, in the order of ``AttributeField``.
  var members: [JSONValue.Member] {
    AttributeField.allCases.compactMap { field in
      json(field).map { .init(key: field.rawValue, value: $0) }
    }
  }

  private func json(_ field: AttributeField) -> JSONValue? {
    switch field.storage {
    case .number(let path): self[keyPath: path].map { .integer($0) }
    case .flag(let path): self[keyPath: path].map { .boolean($0) }
    case .formats(let path): self[keyPath: path].map { .formats($0) }
    case .heaps(let path): self[keyPath: path].map { .strings($0) }
    case .caching(let path): self[keyPath: path].map { .words($0) }
    case .cpuUsage(let path): self[keyPath: path].map { .words($0) }
    case .deviceUsage(let path): self[keyPath: path].map { .words($0) }
    }
  }
}

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

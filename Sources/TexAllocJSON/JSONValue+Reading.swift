extension JSONValue {
  init(_ text: JSONText) {
    var reader = JSONReader(rest: text.bytes[...])
    self = reader.value()
  }
}

/// Reads what is known to be JSON, hence knows no error.
private struct JSONReader {
  var rest: ArraySlice<UInt8>

  mutating func value() -> JSONValue {
    switch next() {
    case UInt8(ascii: "{"):
      var members: [JSONValue.Member] = []
      elements(until: "}") { reader in
        let key = reader.string()
        reader.take(":")
        members.append(.init(key: key, value: reader.value()))
      }
      return .object(members)
    case UInt8(ascii: "["):
      var values: [JSONValue] = []
      elements(until: "]") { reader in values.append(reader.value()) }
      return .array(values)
    case UInt8(ascii: "\""): return .string(string())
    case UInt8(ascii: "t"): return literal("true", .boolean(true))
    case UInt8(ascii: "f"): return literal("false", .boolean(false))
    case UInt8(ascii: "n"): return literal("null", .null)
    default: return number()
    }
  }

  /// What stands between the bracket here and the one that ends the list, separated by commas.
  private mutating func elements(
    until end: Unicode.Scalar, read: (inout JSONReader) -> Void
  ) {
    rest.removeFirst()
    while next() != UInt8(ascii: end) {
      read(&self)
      if next() == UInt8(ascii: ",") { rest.removeFirst() }
    }
    rest.removeFirst()
  }

  private mutating func string() -> String {
    _ = next()
    return Jansson.string(take(rest.stringLiteral.count))
  }

  private mutating func number() -> JSONValue {
    let written = String(decoding: take(rest.numberLiteral.count), as: UTF8.self)
    guard written.utf8.allSatisfy(\.isDigit), let integer = Int(written) else {
      return .otherNumber(written)
    }
    return .integer(integer)
  }

  private mutating func literal(_ word: String, _ value: JSONValue) -> JSONValue {
    _ = take(word.utf8.count)
    return value
  }

  private mutating func take(_ character: Unicode.Scalar) {
    _ = next()
    rest.removeFirst()
  }

  private mutating func take(_ count: Int) -> ArraySlice<UInt8> {
    defer { rest.removeFirst(count) }
    return rest.prefix(count)
  }

  /// The first byte that is no space; it stays.
  private mutating func next() -> UInt8 {
    rest = rest.drop(while: \.isSpace)
    return rest[rest.startIndex]
  }
}

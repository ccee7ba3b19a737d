internal import FoundationEssentials

extension Encodable {
  /// The value as JSON for people and programs: indented, keys sorted.
  package var json: String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    guard let data = try? encoder.encode(self) else {
      preconditionFailure("\(Self.self) does not encode")
    }
    return String(decoding: data, as: UTF8.self)
  }
}

/// A value that stands in JSON even where there is none, as `null`.
@propertyWrapper
package struct NullEncoded<Value: Encodable>: Encodable {
  package var wrappedValue: Value?

  package init(wrappedValue: Value?) {
    self.wrappedValue = wrappedValue
  }

  package func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    if let wrappedValue { try container.encode(wrappedValue) } else { try container.encodeNil() }
  }
}

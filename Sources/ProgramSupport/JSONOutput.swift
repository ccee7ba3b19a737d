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

/// Text of JSON as a value within another.
package struct JSONForm: Encodable {
  private enum Value: Codable {
    case null, boolean(Bool), integer(Int), number(Double), string(String)
    case array([Value]), object([String: Value])

    init(from decoder: any Decoder) throws {
      let value = try decoder.singleValueContainer()
      if value.decodeNil() {
        self = .null
      } else if let boolean = try? value.decode(Bool.self) {
        self = .boolean(boolean)
      } else if let integer = try? value.decode(Int.self) {
        self = .integer(integer)
      } else if let number = try? value.decode(Double.self) {
        self = .number(number)
      } else if let string = try? value.decode(String.self) {
        self = .string(string)
      } else if let array = try? value.decode([Value].self) {
        self = .array(array)
      } else {
        self = .object(try value.decode([String: Value].self))
      }
    }

    func encode(to encoder: any Encoder) throws {
      var container = encoder.singleValueContainer()
      switch self {
      case .null: try container.encodeNil()
      case .boolean(let value): try container.encode(value)
      case .integer(let value): try container.encode(value)
      case .number(let value): try container.encode(value)
      case .string(let value): try container.encode(value)
      case .array(let value): try container.encode(value)
      case .object(let value): try container.encode(value)
      }
    }
  }

  private let value: Value

  /// - Parameter text: That is known to be JSON.
  package init(_ text: String) {
    guard let value = try? JSONDecoder().decode(Value.self, from: Data(text.utf8)) else {
      preconditionFailure("no JSON: \(text)")
    }
    self.value = value
  }

  package func encode(to encoder: any Encoder) throws { try value.encode(to: encoder) }
}

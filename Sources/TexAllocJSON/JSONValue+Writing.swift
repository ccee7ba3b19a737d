internal import TexAlloc

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

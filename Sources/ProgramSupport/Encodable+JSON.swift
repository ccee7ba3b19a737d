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

public import TexAlloc

extension BufferAttributes {
  /// The longest text that is read.
  public static let maximumJSONByteCount = 1 << 20

  /// Reads the JSON form of one participant, strictly.
  ///
  /// What is wrong is reported in the order of the text; what is missing, where the object ends. The
  /// participant of the error is the name in the text where that can be read, else the file.
  ///
  /// - Parameters:
  ///   - text: One JSON object in UTF-8, at most 1 MiB long and nested at most 16 deep.
  ///   - file: What to call the participant where the text does not say.
  /// - Throws: Where the text is not JSON, or too long or deep: the file as participant, no field,
  ///   line and column in the reason. Else the key that is unknown, repeated, null or missing, or
  ///   whose value is of the wrong type or out of its range.
  public init(json text: [UInt8], file: String) throws(InvalidAttributes) {
    let members: [JSONValue.Member]
    do throws(JSONSyntaxError) {
      members = try Self.members(of: text)
    } catch {
      throw InvalidAttributes(participant: file, field: nil, reason: error.description)
    }
    try self.init(members, of: AttributesReader(participant: members.name ?? file))
  }

  private static func members(of text: [UInt8]) throws(JSONSyntaxError) -> [JSONValue.Member] {
    guard case .object(let members) = JSONValue(try JSONText(text)) else {
      let start = text.firstIndex { !$0.isSpace } ?? 0
      throw JSONSyntaxError(at: start, of: text, "a participant is an object")
    }
    return members
  }

  private init(_ members: [JSONValue.Member], of reader: AttributesReader)
    throws(InvalidAttributes)
  {
    var name: String?
    var alternatives: [BufferConstraints] = []
    let constraints = try reader.constraints(members) { key, value throws(InvalidAttributes) in
      switch key {
      case "name": name = try reader.string(value, key)
      case "alternatives": alternatives = try reader.alternatives(value)
      default: try reader.refuse(key, "unknown key")
      }
    }
    guard let name else { try reader.refuse("name", "a participant has a name") }
    self.init(name: name, alternatives: alternatives) { $0 = constraints }
  }
}

extension [JSONValue.Member] {
  fileprivate var name: String? {
    guard case .string(let name) = first(where: { $0.key == "name" })?.value else { return nil }
    return name
  }
}

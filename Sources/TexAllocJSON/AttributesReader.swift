public import TexAlloc

/// Reads the fields of attributes; every failure names the participant and the key.
struct AttributesReader {
  let participant: String

  /// - Parameter readOther: Reads a key that is not a field of ``BufferConstraints``.
  func constraints(
    _ members: [JSONValue.Member],
    readOther: (_ key: String, _ value: JSONValue) throws(InvalidAttributes) -> Void
  ) throws(InvalidAttributes) -> BufferConstraints {
    var constraints = BufferConstraints()
    try forEach(members) { key, value throws(InvalidAttributes) in
      if let field = AttributeField(rawValue: key) {
        try read(value, into: &constraints, field)
      } else {
        try readOther(key, value)
      }
    }
    return constraints
  }

  func alternatives(_ value: JSONValue) throws(InvalidAttributes) -> [BufferConstraints] {
    let key = "alternatives"
    let alternatives = try array(value, key) { value throws(InvalidAttributes) in
      try constraints(object(value, key)) { key, _ throws(InvalidAttributes) in
        try refuse(key, "unknown key in an alternative")
      }
    }
    if alternatives.isEmpty { try refuse(key, "the list is empty; leave it out") }
    return alternatives
  }

  /// Whatever is wrong inside has this key as its field.
  func provides(_ value: JSONValue) throws(InvalidAttributes) -> ProvidedMemory {
    let key = "provides"
    let members = try object(value, key)
    var provided = ProvidedMemory()
    do {
      try forEach(members) { member, value throws(InvalidAttributes) in
        switch member {
        case "contiguous": provided.contiguous = try boolean(value, member)
        case "physicalAlignment": provided.physicalAlignment = try number(value, member)
        case "protected": provided.protected = try boolean(value, member)
        default: try refuse(member, "unknown")
        }
      }
    } catch {
      try refuse(key, [error.field, error.reason].compactMap(\.self).joined(separator: ": "))
    }
    return provided
  }

  func string(_ value: JSONValue, _ key: String) throws(InvalidAttributes) -> String {
    guard case .string(let string) = value else { try refuse(key, "a string is needed") }
    return string
  }

  func refuse(_ key: String, _ reason: String) throws(InvalidAttributes) -> Never {
    throw InvalidAttributes(participant: participant, field: key, reason: reason)
  }

  private func read(
    _ value: JSONValue, into constraints: inout BufferConstraints, _ field: AttributeField
  ) throws(InvalidAttributes) {
    let key = field.rawValue
    switch field.storage {
    case .number(let path): constraints[keyPath: path] = try number(value, key)
    case .flag(let path): constraints[keyPath: path] = try boolean(value, key)
    case .formats(let path): constraints[keyPath: path] = try array(value, key, of: format)
    case .heaps(let path):
      constraints[keyPath: path] = try array(value, key) { element throws(InvalidAttributes) in
        try string(element, key)
      }
    case .caching(let path): constraints[keyPath: path] = try words(value, key)
    case .cpuUsage(let path): constraints[keyPath: path] = try words(value, key)
    case .deviceUsage(let path): constraints[keyPath: path] = try words(value, key)
    }
  }

  func format(_ value: JSONValue) throws(InvalidAttributes) -> Format {
    var fourcc: Fourcc?
    var modifier: Modifier?
    try forEach(object(value, "formats")) { key, value throws(InvalidAttributes) in
      switch key {
      case "fourcc": fourcc = try self.fourcc(value, key)
      case "modifier": modifier = Modifier(rawValue: UInt64(try number(value, key)))
      default: try refuse(key, "unknown key in a format")
      }
    }
    guard let fourcc, let modifier else {
      try refuse("formats", "a format without \(fourcc == nil ? "fourcc" : "modifier")")
    }
    return Format(fourcc, modifier)
  }

  private func fourcc(_ value: JSONValue, _ key: String) throws(InvalidAttributes) -> Fourcc {
    guard let fourcc = Fourcc(try string(value, key)) else {
      try refuse(key, "four printable ASCII characters are needed")
    }
    return fourcc
  }

  private func words<Word: RawRepresentable<String> & CaseIterable>(
    _ value: JSONValue, _ key: String
  ) throws(InvalidAttributes) -> [Word] {
    try array(value, key) { element throws(InvalidAttributes) in try word(element, key) }
  }

  func word<Word: RawRepresentable<String> & CaseIterable>(
    _ value: JSONValue, _ key: String
  ) throws(InvalidAttributes) -> Word {
    let text = try string(value, key)
    guard let word = Word(rawValue: text) else {
      let known = Word.allCases.map(\.rawValue).joined(separator: ", ")
      try refuse(key, "\"\(text)\" is none of \(known)")
    }
    return word
  }

  func number(_ value: JSONValue, _ key: String) throws(InvalidAttributes) -> Int {
    switch value {
    case .integer(let number): return number
    case .otherNumber(let written):
      try refuse(key, "\(written) is not written as an integer from 0 to \(Int.max)")
    default: try refuse(key, "an integer from 0 to \(Int.max) is needed")
    }
  }

  private func boolean(_ value: JSONValue, _ key: String) throws(InvalidAttributes) -> Bool {
    guard case .boolean(let boolean) = value else { try refuse(key, "true or false is needed") }
    return boolean
  }

  func object(_ value: JSONValue, _ key: String)
    throws(InvalidAttributes) -> [JSONValue.Member]
  {
    guard case .object(let members) = value else { try refuse(key, "an object is needed") }
    return members
  }

  func array<Element>(
    _ value: JSONValue, _ key: String, of read: (JSONValue) throws(InvalidAttributes) -> Element
  ) throws(InvalidAttributes) -> [Element] {
    guard case .array(let values) = value else { try refuse(key, "an array is needed") }
    var elements: [Element] = []
    for value in values { elements.append(try read(value)) }
    return elements
  }

  /// Refuses null values and keys that repeat; an unknown key is refused before it can do so.
  func forEach(
    _ members: [JSONValue.Member],
    _ read: (_ key: String, _ value: JSONValue) throws(InvalidAttributes) -> Void
  ) throws(InvalidAttributes) {
    var keys: Set<String> = []
    for member in members {
      if case .null = member.value { try refuse(member.key, "null; leave the key out") }
      if !keys.insert(member.key).inserted { try refuse(member.key, "the key is repeated") }
      try read(member.key, member.value)
    }
  }
}

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
    var provides: ProvidedMemory?
    var alternatives: [BufferConstraints] = []
    let constraints = try reader.constraints(members) { key, value throws(InvalidAttributes) in
      switch key {
      case "name": name = try reader.string(value, key)
      case "provides": provides = try reader.provides(value)
      case "alternatives": alternatives = try reader.alternatives(value)
      default: try reader.refuse(key, "unknown key")
      }
    }
    guard let name else { try reader.refuse("name", "a participant has a name") }
    self.init(name: name, provides: provides, alternatives: alternatives) { $0 = constraints }
  }
}

extension [JSONValue.Member] {
  fileprivate var name: String? {
    guard case .string(let name) = first(where: { $0.key == "name" })?.value else { return nil }
    return name
  }
}

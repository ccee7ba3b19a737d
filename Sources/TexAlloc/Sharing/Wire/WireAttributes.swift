/// The attributes of participants in messages. Which fields a participant sets is a bit for each in the
/// order of ``WireWord``, from the lowest; their values follow in the same order.
extension WireWriter {
  mutating func append(_ participant: BufferAttributes) {
    append(participant.name)
    append(participant.constraints)
    append(UInt8(clamping: participant.alternatives.count))
    for alternative in participant.alternatives { append(alternative) }
  }

  mutating func append(_ constraints: BufferConstraints) {
    var fields: UInt32 = 0
    var values = WireWriter()
    for (index, field) in AttributeField.wireWords.enumerated()
    where values.append(field, of: constraints) { fields |= 1 << index }
    append(fields)
    for byte in values.bytes { append(byte) }
  }

  /// Answers whether there is an opinion on the field.
  private mutating func append(_ field: AttributeField, of constraints: BufferConstraints) -> Bool {
    switch field.storage {
    case .number(let path):
      guard let number = constraints[keyPath: path] else { return false }
      append(UInt64(clamping: number))
    case .flag(let path):
      guard let flag = constraints[keyPath: path] else { return false }
      append(UInt8(flag ? 1 : 0))
    case .formats(let path):
      guard let formats = constraints[keyPath: path] else { return false }
      append(UInt16(clamping: formats.count))
      for format in formats {
        append(format.fourcc.rawValue)
        append(format.modifier.rawValue)
      }
    case .heaps(let path):
      guard let heaps = constraints[keyPath: path] else { return false }
      append(UInt8(clamping: heaps.count))
      for heap in heaps { append(heap) }
    case .caching(let path): return append(constraints[keyPath: path])
    case .cpuUsage(let path): return append(constraints[keyPath: path])
    case .deviceUsage(let path): return append(constraints[keyPath: path])
    }
    return true
  }

  private mutating func append<Word: WireWord>(_ list: [Word]?) -> Bool {
    guard let list else { return false }
    append(UInt8(clamping: list.count))
    for value in list { append(value) }
    return true
  }
}

extension WireReader {
  @_lifetime(self: copy self)
  mutating func participant() throws(MalformedMessage) -> BufferAttributes {
    var participant = BufferAttributes(name: try text("name", atMost: WireForm.longestName))
    participant.constraints = try constraints()
    participant.alternatives = try list(
      "alternatives", of: 0...UInt8(WireForm.mostAlternatives)
    ) { reader throws(MalformedMessage) in try reader.constraints() }
    return participant
  }

  @_lifetime(self: copy self)
  mutating func constraints() throws(MalformedMessage) -> BufferConstraints {
    let all = AttributeField.wireWords
    let fields = try number("fields", in: 0...UInt32(1) << UInt32(all.count) - 1)
    var constraints = BufferConstraints()
    for (index, field) in all.enumerated() where fields >> index & 1 == 1 {
      try read(field, of: &constraints)
    }
    return constraints
  }

  @_lifetime(self: copy self)
  private mutating func read(
    _ field: AttributeField, of constraints: inout BufferConstraints
  ) throws(MalformedMessage) {
    let name = field.rawValue
    switch field.storage {
    case .number(let path):
      constraints[keyPath: path] = Int(try number(name, in: 0...UInt64(Int64.max)))
    case .flag(let path): constraints[keyPath: path] = try flag(name)
    case .formats(let path):
      constraints[keyPath: path] = try list(name, of: 0...UInt16(WireForm.mostFormats)) {
        reader throws(MalformedMessage) in
        Format(
          Fourcc(rawValue: try reader.number(name)), Modifier(rawValue: try reader.number(name)))
      }
    case .heaps(let path):
      constraints[keyPath: path] = try list(name, of: 0...UInt8(WireForm.mostHeaps)) {
        reader throws(MalformedMessage) in
        try reader.text(name, atMost: WireForm.longestName)
      }
    case .caching(let path): constraints[keyPath: path] = try words(name)
    case .cpuUsage(let path): constraints[keyPath: path] = try words(name)
    case .deviceUsage(let path): constraints[keyPath: path] = try words(name)
    }
  }

  @_lifetime(self: copy self)
  private mutating func words<Word: WireWord>(_ field: String) throws(MalformedMessage) -> [Word] {
    try list(field, of: 0...UInt8(Word.wireWords.count)) { reader throws(MalformedMessage) in
      try reader.word(field)
    }
  }
}

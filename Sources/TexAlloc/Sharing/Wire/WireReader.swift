/// Reads the bytes of a message from front to back, and never beyond.
struct WireReader: ~Copyable, ~Escapable {
  private let bytes: Span<UInt8>
  private var position = 0
  /// What is being read, for errors.
  var message = "header"

  @_lifetime(copy bytes)
  init(_ bytes: Span<UInt8>) { self.bytes = bytes }

  var left: Int { bytes.count - position }

  @_lifetime(self: copy self)
  mutating func number<Number: FixedWidthInteger>(
    _ field: String, as type: Number.Type = Number.self
  ) throws(MalformedMessage) -> Number {
    let size = Number.bitWidth / 8
    guard left >= size else { throw refusal(field, "\(size) bytes", left) }
    var number: Number = 0
    for byte in (0..<size).reversed() { number = number << 8 | Number(bytes[position + byte]) }
    position += size
    return number
  }

  /// A number that must be within limits.
  @_lifetime(self: copy self)
  mutating func number<Number: FixedWidthInteger>(
    _ field: String, in limits: ClosedRange<Number>
  ) throws(MalformedMessage) -> Number {
    let number = try number(field, as: Number.self)
    guard limits.contains(number) else {
      throw refusal(field, "\(limits.lowerBound) … \(limits.upperBound)", number)
    }
    return number
  }

  @_lifetime(self: copy self)
  mutating func word<Word: WireWord>(_ field: String) throws(MalformedMessage) -> Word {
    let words = Word.wireWords
    return words[Int(try number(field, in: 0...UInt8(words.count - 1)))]
  }

  @_lifetime(self: copy self)
  mutating func flag(_ field: String) throws(MalformedMessage) -> Bool {
    try number(field, in: 0...1 as ClosedRange<UInt8>) == 1
  }

  /// Printable UTF-8 of at most so many bytes.
  @_lifetime(self: copy self)
  mutating func text(_ field: String, atMost limit: Int) throws(MalformedMessage) -> String {
    let size = Int(try number(field, in: 0...UInt16(limit)))
    guard left >= size else { throw refusal(field, "\(size) bytes", left) }
    let utf8 = (position..<position + size).map { bytes[$0] }
    position += size
    guard let text = String(validating: utf8, as: UTF8.self),
      !text.unicodeScalars.contains(where: \.isControl)
    else { throw refusal(field, "printable UTF-8", "other bytes") }
    return text
  }

  /// As many elements as a count says, which is within limits.
  @_lifetime(self: copy self)
  mutating func list<Element, Count: FixedWidthInteger>(
    _ field: String, of count: ClosedRange<Count>,
    _ element: (inout WireReader) throws(MalformedMessage) -> Element
  ) throws(MalformedMessage) -> [Element] {
    var elements: [Element] = []
    for _ in 0..<(try number(field, in: count)) { elements.append(try element(&self)) }
    return elements
  }

  func refusal(_ field: String, _ wanted: String, _ held: some Any) -> MalformedMessage {
    MalformedMessage(message: message, field: field, wanted: wanted, held: "\(held)")
  }
}

/// A packet that is no message of `Docs/wire-format.md`.
public struct MalformedMessage: Error, Hashable, Sendable {
  /// Its kind: `offer`; `header` where that is not known.
  public let message: String
  /// The field of that page.
  public let field: String
  public let wanted: String
  public let held: String

  init(message: String, field: String, wanted: String, held: String) {
    self.message = message
    self.field = field
    self.wanted = wanted
    self.held = held
  }
}

extension MalformedMessage: CustomStringConvertible {
  public var description: String { "\(message): \(field): wanted \(wanted), held \(held)" }
}

internal import TexAlloc

/// A text that jansson took for one JSON value, at most 1 MiB long and nested at most 16 deep.
struct JSONText {
  static let maximumDepth = 16

  let bytes: [UInt8]

  init(_ bytes: [UInt8]) throws(JSONSyntaxError) {
    let limit = BufferAttributes.maximumJSONByteCount
    guard bytes.count <= limit else {
      throw JSONSyntaxError(at: limit, of: bytes, "the text is longer than \(limit) bytes")
    }
    // jansson drops one that follows a number or a word.
    if let position = bytes.firstIndex(of: 0) {
      throw JSONSyntaxError(at: position, of: bytes, "a NUL byte")
    }
    try Jansson.check(Self.blanked(bytes))
    self.bytes = bytes
  }

  /// A text of the same shape without what jansson refuses although it is JSON: numbers that it
  /// cannot hold become 0, `\u0000`, which it does not allow in keys, becomes `\u0001`.
  private static func blanked(_ text: [UInt8]) throws(JSONSyntaxError) -> [UInt8] {
    var blanked = text
    var depth = 0
    var position = 0
    while position < text.count {
      switch text[position] {
      case UInt8(ascii: "{"), UInt8(ascii: "["):
        depth += 1
        if depth > maximumDepth {
          throw JSONSyntaxError(at: position, of: text, "nested more than \(maximumDepth) deep")
        }
      case UInt8(ascii: "}"), UInt8(ascii: "]"):
        depth -= 1
      case UInt8(ascii: "\""):
        let literal = text[position...].stringLiteral
        for escape in literal.indices where literal[escape...].starts(with: #"\u0000"#.utf8) {
          blanked[escape + 5] = UInt8(ascii: "1")
        }
        position = literal.endIndex
        continue
      case UInt8(ascii: "-"), UInt8.digits:
        let literal = text[position...].numberLiteral
        if literal.isNumber, literal.mayPassLimits {
          for index in literal.indices { blanked[index] = UInt8(ascii: " ") }
          blanked[position] = UInt8(ascii: "0")
        }
        position = literal.endIndex
        continue
      default: break
      }
      position += 1
    }
    return blanked
  }
}

/// A text that is not JSON, or more than this library reads.
struct JSONSyntaxError: Error {
  /// From 1; columns count characters.
  let line, column: Int
  let problem: String
}

extension JSONSyntaxError {
  /// - Parameter offset: Of the byte that is at fault.
  init(at offset: Int, of text: [UInt8], _ problem: String) {
    let before = text[..<offset]
    let lineStart = before.lastIndex(of: UInt8(ascii: "\n")).map { $0 + 1 } ?? 0
    line = 1 + before.count { $0 == UInt8(ascii: "\n") }
    column = 1 + before[lineStart...].count { $0 & 0xC0 != 0x80 }
    self.problem = problem
  }
}

extension JSONSyntaxError: CustomStringConvertible {
  var description: String { "line \(line), column \(column): \(problem)" }
}

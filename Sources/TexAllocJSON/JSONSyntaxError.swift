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

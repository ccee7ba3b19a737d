import TexAlloc
import TexAllocJSON
import XCTest

final class BrokenTextTests: XCTestCase {
  func testTextThatIsNotJSONIsRefusedAsAWhole() {
    for text in [
      "", " ", "nul", "{", "}", "{\"name\": \"a\"", "{\"name\": \"a\"}}", "{\"name\": \"a\"} x",
      "{\"name\": \"a\",}", "{'name': 'a'}", "{name: \"a\"}", "{\"name\" \"a\"}",
      "{\"name\": \"a\"}{\"name\": \"b\"}", "{\"name\": \"a\" \"minWidth\": 1}",
      "{\"name\": \"a\"} // comment", "{\"name\": \"a\", \"heaps\": [\"a\",]}",
      "{\"name\": \"a", "{\"name\": \"\\x\"}", "{\"name\": \"\\u12\"}", "{\"name\": \"a\nb\"}",
      "{\"name\": \"\\ud800\"}", "{\"name\": \"\\udc00\\ud800\"}", "{\"name\": \"a\"}\0",
      "{\"name\": \"a\", \"minWidth\": 1\0}", "{\"name\": \"a\", \"contiguous\": true\0}",
      "\u{FEFF}{\"name\": \"a\"}", "{\"name\": \"a\"\u{A0}}",
    ] {
      assertRefused(text)
    }
  }

  func testANumberThatIsNotJSONIsRefusedAsAWhole() {
    for number in [
      "01", "-", "+1", "1.", ".5", "1e", "1e+", "0x10", "NaN", "Infinity", "--1", "1-1", "1.2.3",
      "--1e5", "-+1e5", "01e999", "1e5.5", "1e999e", ".1e999", "+1e999", "1e999x",
      "00000000000000000000", "-01234567890123456789", "99999999999999999999.", "1e5 1e5",
    ] {
      assertRefused("{\"name\": \"a\", \"minWidth\": \(number)}")
    }
  }

  func testTextThatIsNotUTF8IsRefusedAsAWhole() {
    let wrong: [[UInt8]] = [
      [0x80], [0xC0, 0x80], [0xED, 0xA0, 0x80], [0xF5, 0x80, 0x80, 0x80], [0xE2],
    ]
    for bytes in wrong {
      let text = Array("{\"name\": \"".utf8) + bytes + Array("\"}".utf8)
      XCTAssertNil(read(text).invalid?.field)
      XCTAssertEqual(read(text).invalid?.participant, "file")
    }
  }

  func testAParticipantIsAnObject() {
    for text in ["[]", "1", "\"a\"", "null", " [{\"name\": \"a\"}]"] { assertRefused(text) }
    XCTAssertEqual(
      read("\n []").invalid?.reason, "line 2, column 2: a participant is an object")
  }

  func testTheReasonHasLineAndColumn() {
    XCTAssertEqual(
      read("").invalid?.reason, "line 1, column 1: unexpected token near end of file")
    XCTAssertEqual(
      read("{\n  \"name\": a\n}").invalid?.reason, "line 2, column 11: invalid token near 'a'")
  }

  func testTextIsNestedAtMost16Deep() {
    func nested(_ depth: Int) -> String {
      let lists =
        String(repeating: "[", count: depth - 1) + String(repeating: "]", count: depth - 1)
      return "{\"name\": \"gpu\",\n \"bogus\": " + lists + "}"
    }
    XCTAssertEqual(read(nested(16)).invalid?.field, "bogus")
    XCTAssertEqual(read(nested(17)).invalid?.participant, "file")
    XCTAssertEqual(read(nested(17)).invalid?.reason, "line 2, column 26: nested more than 16 deep")
    XCTAssertNotNil(read("{\"name\": \"\(String(repeating: "[", count: 17))\"}").attributes)
    assertRefused(String(repeating: "[", count: 100_000))
  }

  func testTextIsAtMost1MiBLong() {
    let text = #"{"name": "gpu"}"#
    let spaces = String(repeating: " ", count: 1 << 20 - text.utf8.count)
    XCTAssertNotNil(read(text + spaces).attributes)
    XCTAssertEqual(
      read(text + spaces + " ").invalid?.reason,
      "line 1, column 1048577: the text is longer than 1048576 bytes")
    assertRefused(text + spaces + " ")
  }

  func testTextThatWasTamperedWithIsReadOrRefusedAndNeverTraps() {
    let whole =
      Array(
        #"{"name":"a\u0000\"","formats":[{"fourcc":"R8  ","modifier":0}],"maxSize":12345678901234567890,"#
          .utf8)
      + Array(#" "bogus":[true,false,null,-1.5e+3,{}],"alternatives":[{},{"heaps":["é"]}]}"#.utf8)
    let pieces = [
      #"\u0000"#, "\"", "\\", "{", "}", "[", "]", ",", ":", "1e999", "-", "0", " ", "\0", "é",
    ]
    var random = Xorshift(state: 1)
    for _ in 0..<20_000 {
      var text = whole
      for _ in 0..<Int.random(in: 1...3, using: &random) {
        let start = Int.random(in: 0..<text.count, using: &random)
        let end = Int.random(in: start...min(start + 4, text.count), using: &random)
        text.replaceSubrange(start..<end, with: Array(pieces.randomElement(using: &random)!.utf8))
      }
      if let attributes = read(text).attributes {
        XCTAssertEqual(read(attributes.json).attributes, attributes)
      }
    }
  }

  private func assertRefused(_ text: String, line: UInt = #line) {
    guard let invalid = read(text).invalid else { return XCTFail("read: \(text)", line: line) }
    XCTAssertEqual(invalid.participant, "file", text, line: line)
    XCTAssertNil(invalid.field, text, line: line)
    XCTAssert(invalid.reason.hasPrefix("line "), invalid.reason, line: line)
  }
}

private struct Xorshift: RandomNumberGenerator {
  var state: UInt64

  mutating func next() -> UInt64 {
    state ^= state << 13
    state ^= state >> 7
    state ^= state << 17
    return state
  }
}

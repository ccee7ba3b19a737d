import TexAlloc
import TexAllocJSON
import XCTest

final class ReadingTests: XCTestCase {
  func testEveryFieldIsRead() throws {
    let text = #"""
      {
        "name": "camera",
        "formats": [ { "fourcc": "XR24", "modifier": 0 }, { "modifier": 7, "fourcc": "R8  " } ],
        "offsetAlignment": 4096, "pitchAlignment": 64, "heightAlignment": 16, "sizeAlignment": 4095,
        "minPitch": 256, "maxPitch": 16384, "minWidth": 1, "maxWidth": 4096, "minHeight": 2,
        "maxHeight": 4097, "minSize": 0, "maxSize": 9223372036854775807,
        "heaps": ["system", "udmabuf", ""], "caching": ["writeCombining", "cached", "uncached"],
        "contiguous": true, "physicalAlignment": 8, "protected": false,
        "cpuUsage": ["sequentialWrite", "randomWrite", "read"],
        "deviceUsage": ["sample", "render", "scanout", "capture", "encode", "decode"],
        "minBuffers": 1, "maxBuffers": 8, "heldBuffers": 2,
        "provides": { "protected": true, "contiguous": true, "physicalAlignment": 65536 },
        "alternatives": [ { "contiguous": true }, { "heaps": ["system"] }, {} ]
      }
      """#
    let expected = BufferAttributes(
      name: "camera",
      provides: ProvidedMemory(contiguous: true, physicalAlignment: 65536, protected: true),
      alternatives: [
        BufferConstraints { $0.contiguous = true }, BufferConstraints { $0.heaps = ["system"] },
        BufferConstraints(),
      ]
    ) {
      $0.formats = [Format(.xrgb8888), Format(.r8, Modifier(rawValue: 7))]
      ($0.offsetAlignment, $0.pitchAlignment) = (4096, 64)
      ($0.heightAlignment, $0.sizeAlignment, $0.physicalAlignment) = (16, 4095, 8)
      ($0.minPitch, $0.maxPitch, $0.minWidth, $0.maxWidth) = (256, 16384, 1, 4096)
      ($0.minHeight, $0.maxHeight, $0.minSize, $0.maxSize) = (2, 4097, 0, .max)
      ($0.heaps, $0.caching) = (["system", "udmabuf", ""], [.writeCombining, .cached, .uncached])
      ($0.contiguous, $0.protected) = (true, false)
      $0.cpuUsage = [.sequentialWrite, .randomWrite, .read]
      $0.deviceUsage = [.sample, .render, .scanout, .capture, .encode, .decode]
      ($0.minBuffers, $0.maxBuffers, $0.heldBuffers) = (1, 8, 2)
    }
    let read = try BufferAttributes(json: Array(text.utf8), file: "file")
    XCTAssertEqual(read, expected)
    XCTAssertEqual(try BufferAttributes(json: Array(read.json.utf8), file: "file"), expected)
  }

  func testOnlyTheNameIsRequired() {
    XCTAssertEqual(
      read(#" { "name" : "" } "#).attributes, BufferAttributes(name: ""))
  }

  func testStringsAreReadByTheirBytes() {
    let name = read(#"{"n\u0061me": "\u00e9e\u0301\ud83d\ude00\u0000\"\\\/\n"}"#).attributes?.name
    XCTAssertEqual(
      name.map { Array($0.utf8) }, Array("\u{E9}e\u{301}\u{1F600}\0\"\\/\n".utf8))
  }

  func testAKeyThatIsNotRightIsNamed() {
    let cases: [(members: String, field: String)] = [
      (#""bogus": 1"#, "bogus"), (#""": 1"#, ""), (#""Name": "a""#, "Name"),
      (#""a\u0000b": 1"#, "a\0b"), (#""bogus": null"#, "bogus"),
      (#""minWidth": 1, "minWidth": 1"#, "minWidth"),
      (#""minWidth": 1, "m\u0069nWidth": 1"#, "minWidth"), (#""name": "b""#, "name"),
      (#""minWidth": null"#, "minWidth"), (#""heaps": null"#, "heaps"),
      (#""alternatives": null"#, "alternatives"), (#""contiguous": null"#, "contiguous"),
      (#""minWidth": "1""#, "minWidth"), (#""minWidth": true"#, "minWidth"),
      (#""minWidth": [1]"#, "minWidth"), (#""minWidth": {}"#, "minWidth"),
      (#""contiguous": 1"#, "contiguous"), (#""protected": "true""#, "protected"),
      (#""heaps": "system""#, "heaps"), (#""heaps": {}"#, "heaps"), (#""heaps": [1]"#, "heaps"),
      (#""heaps": [null]"#, "heaps"), (#""heaps": [["a"]]"#, "heaps"),
      (#""caching": ["Cached"]"#, "caching"), (#""caching": ["cached", ""]"#, "caching"),
      (#""caching": [1]"#, "caching"), (#""caching": "cached""#, "caching"),
      (#""cpuUsage": ["write"]"#, "cpuUsage"), (#""cpuUsage": ["sample"]"#, "cpuUsage"),
      (#""deviceUsage": ["read"]"#, "deviceUsage"), (#""deviceUsage": {}"#, "deviceUsage"),
    ]
    for (members, field) in cases { assertInvalid(#"{"name": "gpu", \#(members)}"#, "gpu", field) }
  }

  func testANumberIsWrittenAsAnIntegerFromZeroTo2To63Minus1() {
    for wrong in [
      "4096.0", "1e3", "1E0", "-1", "-0", "0.5", "9223372036854775808", "18446744073709551616",
      "-9223372036854775809", "1e999", "-1e999", "0e999",
      String(repeating: "9", count: 1000),
    ] {
      assertInvalid(#"{"name": "gpu", "minPitch": \#(wrong)}"#, "gpu", "minPitch")
      assertInvalid(#"{"name": "gpu", "alternatives": [{"maxSize":\#(wrong)}]}"#, "gpu", "maxSize")
      assertInvalid(#"{"name": "gpu", "bogus": [\#(wrong)]}"#, "gpu", "bogus")
    }
    XCTAssertEqual(read(#"{"name":"a","minPitch":9223372036854775807}"#).attributes?.minPitch, .max)
    XCTAssertEqual(read(#"{"name":"a","minPitch":0}"#).attributes?.minPitch, 0)
  }

  func testAFormatIsAFourccAndAModifier() {
    let cases: [(format: String, field: String)] = [
      ("{}", "formats"), (#"{"fourcc": "XR24"}"#, "formats"), (#"{"modifier": 0}"#, "formats"),
      ("null", "formats"), (#""XR24""#, "formats"), ("[]", "formats"),
      (#"{"fourcc": "R8", "modifier": 0}"#, "fourcc"),
      (#"{"fourcc": "XR24 ", "modifier": 0}"#, "fourcc"),
      (#"{"fourcc": "XR2\n", "modifier": 0}"#, "fourcc"),
      (#"{"fourcc": "XR2\u007f", "modifier": 0}"#, "fourcc"),
      (#"{"fourcc": "XR2\u0000", "modifier": 0}"#, "fourcc"),
      (#"{"fourcc": "\u00e9AB", "modifier": 0}"#, "fourcc"),
      (#"{"fourcc": 875713112, "modifier": 0}"#, "fourcc"),
      (#"{"fourcc": null, "modifier": 0}"#, "fourcc"),
      (#"{"fourcc": "XR24", "modifier": -1}"#, "modifier"),
      (#"{"fourcc": "XR24", "modifier": 0.0}"#, "modifier"),
      (#"{"fourcc": "XR24", "modifier": 9223372036854775808}"#, "modifier"),
      (#"{"fourcc": "XR24", "modifier": "linear"}"#, "modifier"),
      (#"{"fourcc": "XR24", "modifier": 0, "modifier": 0}"#, "modifier"),
      (#"{"fourcc": "XR24", "modifier": 0, "plane": 0}"#, "plane"),
    ]
    for (format, field) in cases {
      assertInvalid(#"{"name": "gpu", "formats": [\#(format)]}"#, "gpu", field)
    }
    XCTAssertEqual(
      read(##"{"name":"a","formats":[{"fourcc":" ~\"!","modifier":9223372036854775807}]}"##)
        .attributes?.formats, [Format(Fourcc(" ~\"!")!, Modifier(rawValue: UInt64(Int.max)))])
  }

  func testAnAlternativeHasNeitherNameNorAlternatives() {
    assertInvalid(#"{"name": "gpu", "alternatives": []}"#, "gpu", "alternatives")
    assertInvalid(#"{"name": "gpu", "alternatives": {}}"#, "gpu", "alternatives")
    assertInvalid(#"{"name": "gpu", "alternatives": [1]}"#, "gpu", "alternatives")
    assertInvalid(#"{"name": "gpu", "alternatives": [null]}"#, "gpu", "alternatives")
    assertInvalid(#"{"name": "gpu", "alternatives": [{"name": "a"}]}"#, "gpu", "name")
    assertInvalid(
      #"{"name": "gpu", "alternatives": [{"alternatives": [{}]}]}"#, "gpu", "alternatives")
    assertInvalid(#"{"name": "gpu", "alternatives": [{"bogus": 1}]}"#, "gpu", "bogus")
  }

  func testWhatIsProvidedMayBeNothing() {
    XCTAssertEqual(read(#"{"name": "a", "provides": {}}"#).attributes?.provides, ProvidedMemory())
    XCTAssertEqual(
      read(#"{"name": "a", "provides": {"physicalAlignment": 0}}"#).attributes?.provides,
      ProvidedMemory(physicalAlignment: 0), "that is checked in merging")
    XCTAssertNil(read(#"{"name": "a"}"#).attributes?.provides)
  }

  func testWhatIsWrongInsideProvidesHasThatField() {
    for wrong in [
      "null", "true", "[]", "\"contiguous\"", #"{"bogus": 1}"#, #"{"contiguous": 1}"#,
      #"{"contiguous": null}"#, #"{"contiguous": true, "contiguous": true}"#,
      #"{"protected": "true"}"#, #"{"physicalAlignment": 1.0}"#, #"{"physicalAlignment": -1}"#,
      #"{"physicalAlignment": 9223372036854775808}"#, #"{"physicalAlignment": null}"#,
      #"{"name": "a"}"#, #"{"minWidth": 1}"#,
    ] {
      assertInvalid(#"{"name": "gpu", "provides": \#(wrong)}"#, "gpu", "provides")
    }
    assertInvalid(#"{"name": "gpu", "provides": {}, "provides": {}}"#, "gpu", "provides")
    assertInvalid(#"{"name": "gpu", "alternatives": [{"provides": {}}]}"#, "gpu", "provides")
  }

  func testTheFirstFailureInTheTextIsReported() {
    assertInvalid(#"{"b": 1, "name": "gpu", "a": 1}"#, "gpu", "b")
    assertInvalid(#"{"minWidth": 1, "name": "gpu", "a": 1, "minWidth": 1}"#, "gpu", "a")
    assertInvalid(#"{"alternatives": [{"a": 1}, {"b": 1}], "name": "gpu", "c": 1}"#, "gpu", "a")
  }

  func testWithoutAReadableNameTheFileStandsForTheParticipant() {
    assertInvalid("{}", "file", "name")
    assertInvalid(#"{"name": 1}"#, "file", "name")
    assertInvalid(#"{"name": null}"#, "file", "name")
    assertInvalid(#"{"bogus": 1}"#, "file", "bogus")
    assertInvalid(#"{"name": 1, "name": "gpu"}"#, "file", "name")
    assertInvalid(#"{"name": "gpu", "name": "b"}"#, "gpu", "name")
  }

  private func assertInvalid(
    _ text: String, _ participant: String, _ field: String, line: UInt = #line
  ) {
    guard let invalid = read(text).invalid else { return XCTFail("read: \(text)", line: line) }
    XCTAssertEqual(invalid.participant, participant, text, line: line)
    XCTAssertEqual(invalid.field.map { Array($0.utf8) }, Array(field.utf8), text, line: line)
  }
}

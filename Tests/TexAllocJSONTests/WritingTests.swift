import TexAlloc
import TexAllocJSON
import XCTest

final class WritingTests: XCTestCase {
  func testMergedAttributesHaveEveryNumberAndNoLimitThatNoOneSet() throws {
    XCTAssertEqual(
      try BufferAttributes.merging([]).json,
      #"{"merged": {"offsetAlignment": 1, "pitchAlignment": 1, "heightAlignment": 1, "#
        + #""sizeAlignment": 1, "physicalAlignment": 1, "minPitch": 0, "minWidth": 1, "#
        + #""minHeight": 1, "minSize": 0, "minBuffers": 1, "heldBuffers": 0, "#
        + #""contiguous": false, "protected": false, "cpuUsage": [], "deviceUsage": []}, "#
        + #""format": null, "chosenCaching": null, "buffers": 1, "alternatives": {}}"#)
  }

  func testMergedAttributesHaveTheirListsChoicesAndLayout() throws {
    let choices = [
      BufferConstraints { $0.maxSize = 1 }, BufferConstraints { $0.maxSize = 1 << 20 },
    ]
    let camera = BufferAttributes(name: "camera", alternatives: choices) {
      $0.formats = [Format(.yuyv), Format(.r8)]
      ($0.heaps, $0.caching) = (["b", "a"], [.uncached, .cached])
      ($0.cpuUsage, $0.maxWidth) = ([.sequentialWrite, .read], 9)
    }
    let merged = try BufferAttributes.merging([camera], image: ImageSize(width: 3, height: 2))
    let text = merged.json
    for part in [
      #""maxWidth": 9, "minHeight": 1, "minSize": 0, "maxSize": 1048576, "#,
      #""formats": [{"fourcc": "R8  ", "modifier": 0}, {"fourcc": "YUYV", "modifier": 0}], "#,
      #""heaps": ["a", "b"], "caching": ["cached", "uncached"], "#,
      #""cpuUsage": ["read", "sequentialWrite"], "#,
      #""format": {"fourcc": "YUYV", "modifier": 0}, "chosenCaching": "cached", "buffers": 1, "#,
      #""alternatives": {"camera": 1}, "#,
      #""layout": {"planes": [{"offset": 0, "pitch": 8, "rows": 2}], "size": 16}}"#,
    ] {
      XCTAssert(text.contains(part), "\(part) in \(text)")
    }
  }

  func testAlternativesAreWrittenByTheBytesOfTheNames() throws {
    let names = ["cafe\u{301}", "caf\u{E9}"]
    let participants = names.map { BufferAttributes(name: $0, alternatives: [BufferConstraints()]) }
    let text = try BufferAttributes.merging(participants.reversed()).json
    XCTAssert(
      Array(text.utf8).contains(Array("{\"cafe\u{301}\": 0, \"caf\u{E9}\": 0}".utf8)), text)
  }

  func testAConflictHasTheValuesOfThoseToBlame() {
    let choice = BufferConstraints { ($0.maxWidth, $0.heaps) = (3, ["a"]) }
    let participants = [
      BufferAttributes(name: "b\"", alternatives: [choice]) { $0.contiguous = true },
      BufferAttributes(name: "a", alternatives: [BufferConstraints()]) { $0.minWidth = 4 },
    ]
    XCTAssertThrowsError(try BufferAttributes.merging(participants)) { error in
      guard case MergeError.conflict(let conflict) = error else { return XCTFail("\(error)") }
      XCTAssertEqual(
        conflict.json,
        #"{"conflict": {"field": "width", "participants": ["#
          + #"{"name": "a", "value": {"minWidth": 4}}, "#
          + #"{"name": "b\"", "value": {"alternative": {"maxWidth": 3}}}], "#
          + #""relaxation": "a needs width ≥ 4; b\" accepts width ≤ 3 by its alternative "#
          + #"(4 against 3)"}}"#)
    }
  }

  func testAConflictHasAllThatIsProvided() {
    let participants = [
      BufferAttributes(name: "camera") { ($0.contiguous, $0.maxWidth) = (true, 9) },
      BufferAttributes(name: "heap", provides: ProvidedMemory(physicalAlignment: 4096)),
    ]
    XCTAssertThrowsError(try BufferAttributes.merging(participants)) { error in
      guard case MergeError.conflict(let conflict) = error else { return XCTFail("\(error)") }
      let provides =
        #"{"contiguous": false, "physicalAlignment": 4096, "protected": false}"#
      XCTAssertTrue(
        conflict.json.hasPrefix(
          #"{"conflict": {"field": "contiguous", "participants": ["#
            + #"{"name": "camera", "value": {"contiguous": true}}, "#
            + #"{"name": "heap", "value": {"provides": \#(provides)}}], "#), conflict.json)
    }
  }

  func testInvalidAttributesHaveNoParticipantOrFieldWhereThereIsNone() {
    XCTAssertEqual(
      InvalidAttributes(participant: "camera", field: "pitchAlignment", reason: "0").json,
      #"{"invalid": {"participant": "camera", "field": "pitchAlignment", "reason": "0"}}"#)
    XCTAssertEqual(
      InvalidAttributes(participant: nil, field: "alternatives", reason: "65").json,
      #"{"invalid": {"field": "alternatives", "reason": "65"}}"#)
    XCTAssertEqual(
      InvalidAttributes(participant: "a.json", field: nil, reason: "line 1").json,
      #"{"invalid": {"participant": "a.json", "reason": "line 1"}}"#)
  }

  func testAModifierThatTheFormCannotHoldIsAStringThatReadingRefuses() {
    let format = Format(.r8, Modifier(rawValue: .max))
    let text = BufferAttributes(name: "a") { $0.formats = [format] }.json
    XCTAssert(text.contains(#""modifier": "18446744073709551615""#), text)
    XCTAssertEqual(read(text).invalid?.field, "modifier")
  }
}

import TexAlloc
import XCTest

final class AttributeChecksTests: XCTestCase {
  func testNamesAreNotEmpty() {
    assertInvalid([BufferAttributes(name: "")], "", "name")
  }

  func testNamesAreUniqueByTheirBytes() {
    let twice = [BufferAttributes(name: "a"), BufferAttributes(name: "b"), .init(name: "a")]
    assertInvalid(twice, "a", "name")
    let alike = [BufferAttributes(name: "caf\u{E9}"), BufferAttributes(name: "cafe\u{301}")]
    XCTAssertNotNil(outcome(alike).merged)
  }

  func testNamesAreCheckedBeforeTheFieldsOfAnyParticipant() {
    let wrong = BufferAttributes(name: "a") { $0.minWidth = 0 }
    assertInvalid([wrong, BufferAttributes(name: "")], "", "name")
  }

  func testNumbersKeepTheirLowerLimits() {
    assertInvalid("minWidth") { $0.minWidth = 0 }
    assertInvalid("minHeight") { $0.minHeight = 0 }
    assertInvalid("minBuffers") { $0.minBuffers = 0 }
    assertInvalid("maxBuffers") { $0.maxBuffers = 0 }
    assertValid { ($0.minPitch, $0.maxPitch, $0.minSize, $0.maxSize) = (0, 0, 0, 0) }
    assertValid { $0.heldBuffers = 0 }
  }

  func testNegativeNumbersAreRefused() {
    assertInvalid("minPitch") { $0.minPitch = -1 }
    assertInvalid("maxPitch") { $0.maxPitch = -1 }
    assertInvalid("maxWidth") { $0.maxWidth = .min }
    assertInvalid("minSize") { $0.minSize = -1 }
    assertInvalid("heldBuffers") { $0.heldBuffers = .min }
  }

  func testAlignmentsAreFromOneToTwoToThe31() {
    let alignments: [(String, WritableKeyPath<BufferConstraints, Int?>)] = [
      ("offsetAlignment", \.offsetAlignment), ("pitchAlignment", \.pitchAlignment),
      ("heightAlignment", \.heightAlignment), ("sizeAlignment", \.sizeAlignment),
      ("physicalAlignment", \.physicalAlignment),
    ]
    for (name, path) in alignments {
      for wrong in [.min, -1, 0, 1 << 31 + 1, .max] {
        assertInvalid(name) { ($0[keyPath: path], $0.contiguous) = (wrong, true) }
      }
      for right in [1, 3, 1 << 31] {
        assertValid { ($0[keyPath: path], $0.contiguous) = (right, true) }
      }
    }
  }

  func testListsAreNotEmptyAndHoldNoDuplicate() {
    assertInvalid("formats") { $0.formats = [] }
    assertInvalid("formats") { $0.formats = [Format(.r8), Format(.nv12), Format(.r8)] }
    assertValid { $0.formats = [Format(.r8), Format(.r8, Modifier(rawValue: 1))] }
    assertInvalid("heaps") { $0.heaps = [] }
    assertInvalid("heaps") { $0.heaps = ["b", "a", "b"] }
    assertValid { $0.heaps = ["\u{E9}", "e\u{301}", ""] }
    assertInvalid("caching") { $0.caching = [] }
    assertInvalid("caching") { $0.caching = [.cached, .uncached, .cached] }
  }

  func testUsagesMayBeEmptyAndRepeat() {
    assertValid { ($0.cpuUsage, $0.deviceUsage) = ([], []) }
    assertValid { ($0.cpuUsage, $0.deviceUsage) = ([.read, .read], [.sample, .sample]) }
  }

  func testAMinimumOrItsDefaultIsNoMoreThanTheMaximum() {
    assertInvalid("maxPitch") { ($0.minPitch, $0.maxPitch) = (2, 1) }
    assertInvalid("maxWidth") { ($0.minWidth, $0.maxWidth) = (2, 1) }
    assertInvalid("maxHeight") { ($0.minHeight, $0.maxHeight) = (2, 1) }
    assertInvalid("maxSize") { ($0.minSize, $0.maxSize) = (2, 1) }
    assertInvalid("maxBuffers") { ($0.minBuffers, $0.maxBuffers) = (2, 1) }
    assertInvalid("maxWidth") { $0.maxWidth = 0 }
    assertInvalid("maxHeight") { $0.maxHeight = 0 }
    assertValid { ($0.minSize, $0.maxSize) = (2, 2) }
  }

  func testPhysicalAlignmentNeedsContiguousMemory() {
    assertInvalid("physicalAlignment") { $0.physicalAlignment = 2 }
    assertInvalid("physicalAlignment") { ($0.physicalAlignment, $0.contiguous) = (2, false) }
    assertValid { ($0.physicalAlignment, $0.contiguous) = (2, true) }
    assertValid { $0.physicalAlignment = 1 }
  }

  func testProtectedMemoryHasNoCPUUsage() {
    assertInvalid("protected") { ($0.protected, $0.cpuUsage) = (true, [.sequentialWrite]) }
    assertValid { ($0.protected, $0.cpuUsage) = (true, []) }
    assertValid { ($0.protected, $0.cpuUsage) = (false, [.read]) }
  }

  func testAnAlternativeIsCheckedOnItsOwn() {
    let aligned = BufferConstraints { $0.physicalAlignment = 4096 }
    let camera = BufferAttributes(name: "camera", alternatives: [aligned]) { $0.contiguous = true }
    assertInvalid([camera], "camera", "physicalAlignment")
  }

  func testAParticipantsOwnFieldsAreCheckedBeforeItsAlternatives() {
    let wrong = BufferConstraints { $0.minWidth = 0 }
    let camera = BufferAttributes(name: "camera", alternatives: [wrong]) { $0.protected = true }
    assertInvalid([camera, BufferAttributes(name: "gpu") { $0.heaps = [] }], "camera", "minWidth")
    var worse = camera
    worse.cpuUsage = [.read]
    assertInvalid([worse], "camera", "protected")
  }

  func testTheChecksOfOneParticipantFollowTheTable() {
    var order = ["minWidth", "pitchAlignment", "formats", "maxPitch", "physicalAlignment"]
    var attributes = BufferConstraints {
      ($0.minWidth, $0.pitchAlignment, $0.formats) = (0, 0, [])
      ($0.minPitch, $0.maxPitch, $0.physicalAlignment) = (2, 1, 2)
      ($0.protected, $0.cpuUsage) = (true, [.read])
    }
    let repairs: [(inout BufferConstraints) -> Void] = [
      { $0.minWidth = 1 }, { $0.pitchAlignment = 1 }, { $0.formats = nil },
      { $0.maxPitch = 2 }, { $0.physicalAlignment = 1 },
    ]
    for repair in repairs {
      assertInvalid(order.removeFirst()) { $0 = attributes }
      repair(&attributes)
    }
    assertInvalid("protected") { $0 = attributes }
  }

  func testThereAreAtMost64CombinationsOfAlternatives() {
    func participants(_ counts: Int...) -> [BufferAttributes] {
      counts.enumerated().map { index, count in
        BufferAttributes(
          name: "p\(index)", alternatives: Array(repeating: BufferConstraints(), count: count))
      }
    }
    XCTAssertNotNil(outcome(participants(4, 0, 4, 4)).merged)
    XCTAssertNotNil(outcome(participants(64)).merged)
    assertInvalid(participants(5, 13), nil, "alternatives")
    assertInvalid(participants(65), nil, "alternatives")
    assertInvalid(participants(64, 1, 2), nil, "alternatives")
    let wrong = participants(65) + [BufferAttributes(name: "z") { $0.minWidth = 0 }]
    assertInvalid(wrong, "z", "minWidth")
  }

  func testTheReasonNamesValueAndLimit() {
    let invalid = outcome([BufferAttributes(name: "gpu") { $0.pitchAlignment = 0 }]).invalid
    XCTAssertEqual(
      invalid?.description, "gpu: pitchAlignment: 0; an alignment is 1 … 2147483648")
  }

  private func assertInvalid(
    _ participants: [BufferAttributes], _ participant: String?, _ field: String,
    file: StaticString = #filePath, line: UInt = #line
  ) {
    guard let invalid = outcome(participants).invalid else {
      return XCTFail("nothing is invalid", file: file, line: line)
    }
    XCTAssertEqual(invalid.participant, participant, file: file, line: line)
    XCTAssertEqual(invalid.field, field, file: file, line: line)
  }

  private func assertInvalid(
    _ field: String, file: StaticString = #filePath, line: UInt = #line,
    _ set: (inout BufferConstraints) -> Void
  ) {
    let participants = [BufferAttributes(name: "first"), BufferAttributes(name: "gpu", set)]
    assertInvalid(participants, "gpu", field, file: file, line: line)
  }

  private func assertValid(
    file: StaticString = #filePath, line: UInt = #line, _ set: (inout BufferConstraints) -> Void
  ) {
    XCTAssertNil(outcome([BufferAttributes(name: "gpu", set)]).invalid, file: file, line: line)
  }
}

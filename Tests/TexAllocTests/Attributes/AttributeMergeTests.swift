import TexAlloc
import XCTest

final class AttributeMergeTests: XCTestCase {
  func testNoParticipantLeavesEverythingAtItsDefault() throws {
    let merged = try BufferAttributes.merging([])
    XCTAssertEqual(merged.pitchAlignment, 1)
    XCTAssertNil(merged.maxPitch)
    XCTAssertNil(merged.formats)
    XCTAssertNil(merged.chosenCaching)
    XCTAssertEqual(merged.buffers, 1)
  }

  func testTheImageDecidesWhichAlternativeIsChosen() throws {
    let narrow = BufferConstraints { $0.maxWidth = 100 }
    let wide = BufferConstraints { $0.pitchAlignment = 256 }
    let camera = BufferAttributes(name: "camera", alternatives: [narrow, wide]) {
      $0.formats = [Format(.r8)]
    }
    let merge = try AttributeMerge([camera])
    XCTAssertEqual(try merge.attributes().alternatives.map(\.index), [0])
    let merged = try merge.attributes(for: ImageSize(width: 101, height: 1))
    XCTAssertEqual(merged.alternatives.map(\.index), [1])
    XCTAssertEqual(merged.layout?.planes.map(\.pitch), [256])
  }

  func testAConflictNamesThePairAndItsValues() throws {
    let participants = [
      BufferAttributes(name: "display") { $0.maxPitch = 4096 },
      BufferAttributes(name: "camera") { $0.minPitch = 8192 },
      BufferAttributes(name: "gpu") { $0.pitchAlignment = 64 },
    ]
    XCTAssertThrowsError(try BufferAttributes.merging(participants)) { error in
      guard case MergeError.conflict(let conflict) = error else { return XCTFail("\(error)") }
      XCTAssertEqual(conflict.field, .pitch)
      XCTAssertEqual(conflict.participants.map(\.name), ["camera", "display"])
      XCTAssertEqual(conflict.participants[0].value, BufferConstraints { $0.minPitch = 8192 })
      XCTAssertEqual(
        conflict.relaxation,
        "camera needs pitch ≥ 8192; display accepts pitch ≤ 4096 (8192 against 4096)")
    }
  }
}

import TexAlloc
import XCTest

final class AlternativesTests: XCTestCase {
  private func heap(_ name: String) -> BufferConstraints { BufferConstraints { $0.heaps = [name] } }

  func testTheFirstAlternativeThatMergesIsChosen() {
    let camera = BufferAttributes(name: "camera", alternatives: [heap("a"), heap("b"), heap("c")])
    let gpu = BufferAttributes(name: "gpu") { $0.heaps = ["c", "b"] }
    let merged = outcome([camera, gpu]).merged
    XCTAssertEqual(merged?.heaps, ["b"])
    XCTAssertEqual(merged?.alternatives.map(\.participant), ["camera"])
    XCTAssertEqual(merged?.alternatives.map(\.index), [1])
  }

  func testTheSumOfIndicesComesBeforeTheirOrder() {
    // [0, 2], [1, 1] and [2, 0] merge; their sums are equal.
    let a = BufferAttributes(name: "a", alternatives: [heap("x"), heap("y"), heap("z")])
    let b = BufferAttributes(name: "b", alternatives: [heap("z"), heap("y"), heap("x")])
    XCTAssertEqual(outcome([b, a]).merged?.alternatives.map(\.index), [0, 2])
    let c = BufferAttributes(name: "b", alternatives: [heap("w"), heap("x"), heap("z")])
    XCTAssertEqual(outcome([c, a]).merged?.alternatives.map(\.index), [0, 1])
  }

  func testParticipantsAreOrderedByTheBytesOfTheirNames() {
    let first = BufferAttributes(name: "Z", alternatives: [heap("x"), heap("y")])
    let second = BufferAttributes(name: "a", alternatives: [heap("y"), heap("x")])
    let merged = outcome([second, first]).merged
    XCTAssertEqual(merged?.alternatives.map(\.participant), ["Z", "a"])
    XCTAssertEqual(merged?.alternatives.map(\.index), [0, 1])
  }

  func testAnAlternativesHeldBuffersAndFormatsCount() {
    let choice = BufferConstraints {
      ($0.heldBuffers, $0.formats) = (2, [Format(.r8), Format(.nv12)])
    }
    let camera = BufferAttributes(name: "camera", alternatives: [choice]) {
      ($0.heldBuffers, $0.formats) = (1, [Format(.nv12), Format(.yuyv), Format(.r8)])
    }
    let merged = outcome([camera]).merged
    XCTAssertEqual(merged?.heldBuffers, 3)
    XCTAssertEqual(merged?.format, Format(.nv12))
  }

  func testWhenNoCombinationMergesTheFirstOneIsReported() {
    let wide = BufferConstraints { $0.minWidth = 10 }
    let camera = BufferAttributes(name: "camera", alternatives: [wide, heap("b")])
    let gpu = BufferAttributes(name: "gpu") { ($0.maxWidth, $0.heaps) = (9, ["a"]) }
    let conflict = outcome([camera, gpu]).conflict
    XCTAssertEqual(conflict?.field, .width)
    XCTAssertEqual(conflict?.participants.map(\.name), ["camera", "gpu"])
    XCTAssertEqual(conflict?.participants[0].value, BufferConstraints())
    XCTAssertEqual(conflict?.participants[0].alternative, wide)
    XCTAssertNil(conflict?.participants[1].alternative)
  }

  func testACombinationMustAlsoLayTheImageOut() {
    let short = BufferConstraints { $0.maxPitch = 64 }
    let camera = BufferAttributes(name: "camera", alternatives: [short, BufferConstraints()]) {
      $0.formats = [Format(.r8)]
    }
    XCTAssertEqual(outcome([camera]).merged?.alternatives.map(\.index), [0])
    let image = ImageSize(width: 65, height: 1)
    XCTAssertEqual(outcome([camera], image).merged?.alternatives.map(\.index), [1])
  }

  func testWhenNoCombinationLaysOutTheFirstOneIsReported() {
    let short = BufferConstraints { $0.maxPitch = 64 }
    let narrow = BufferConstraints { $0.maxWidth = 64 }
    let camera = BufferAttributes(name: "camera", alternatives: [short, narrow]) {
      $0.formats = [Format(.r8)]
    }
    let conflict = outcome([camera], ImageSize(width: 65, height: 1)).conflict
    XCTAssertEqual(conflict?.field, .maxPitch)
    XCTAssertEqual(conflict?.participants.first?.alternative, short)
  }
}

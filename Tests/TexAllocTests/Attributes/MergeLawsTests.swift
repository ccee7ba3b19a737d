import TestSupport
import TexAlloc
import TexAllocJSON
import XCTest

final class MergeLawsTests: XCTestCase {
  private let image = ImageSize(width: 64, height: 48)

  func testRandomParticipantsMergeAboutAsOftenAsTheyConflict() {
    var random = SplitMix64(seed: 1)
    let outcomes = (0..<2000).map { _ in
      outcome(BufferAttributes.random(count: 1...4, using: &random))
    }
    XCTAssert(outcomes.allSatisfy { $0.invalid == nil })
    XCTAssert((400...1600).contains(outcomes.count { $0.merged != nil }))
    XCTAssertGreaterThan(Set(outcomes.compactMap(\.conflict?.field)).count, 10)
  }

  func testTheOrderOfParticipantsChangesNothing() {
    assertLaw("commutative", alternatives: 0...2) { participants in
      let shifted = participants.dropFirst() + participants.prefix(1)
      return outcome(participants, image) == outcome(participants.reversed(), image)
        && outcome(participants, image) == outcome(Array(shifted), image)
    }
  }

  func testMergingInStepsGivesTheSameFields() {
    assertLaw("associative", participants: 2...4) { participants in
      let whole = outcome(participants).merged.map { BufferAttributes(name: "", asking: $0) }
      return (1..<participants.count).allSatisfy { split in
        let parts = [participants[..<split], participants[split...]].enumerated().map {
          (index, part) in
          outcome(Array(part)).merged.map { BufferAttributes(name: "part \(index)", asking: $0) }
        }
        let steps = parts.contains(nil) ? nil : outcome(parts.compactMap(\.self)).merged
        return steps.map { BufferAttributes(name: "", asking: $0) } == whole
      }
    }
  }

  func testMergingTwiceAddsOnlyHeldBuffers() {
    assertLaw("idempotent") { participants in
      guard let once = outcome(participants).merged else { return true }
      let copies = participants.map { participant in
        var copy = participant
        copy.name += " again"
        copy.provides = nil  // there is one memory
        return copy
      }
      switch outcome(participants + copies) {
      case .success(let twice):
        var expected = BufferAttributes(name: "", asking: once)
        expected.heldBuffers = once.heldBuffers * 2
        return BufferAttributes(name: "", asking: twice) == expected
      case .failure(.conflict(let conflict)):
        return conflict.field == .bufferCount && once.heldBuffers > 0
      case .failure(.invalid): return false
      }
    }
  }

  func testAnAlternativeCountsAsOneMoreParticipant() {
    assertLaw("alternatives", participants: 1...3, alternatives: 0...3) { participants in
      let attempts = combinations(of: participants).map { combination in
        let chosen = zip(participants, combination).flatMap { participant, index in
          let own = BufferAttributes(name: participant.name, provides: participant.provides) {
            $0 = participant.constraints
          }
          return [own]
            + participant.alternatives.enumerated().filter { $0.offset == index }.map { choice in
              BufferAttributes(name: participant.name + "'") { $0 = choice.element }
            }
        }
        return (combination, outcome(chosen, image))
      }
      let subject = outcome(participants, image)
      guard let (combination, expected) = attempts.first(where: { $0.1.merged != nil }) else {
        return subject.conflict?.field == attempts.first?.1.conflict?.field
      }
      let indices = zip(participants, combination).filter { !$0.0.alternatives.isEmpty }.map(\.1)
      return subject.merged?.alternatives.map(\.index) == indices
        && subject.merged?.format == expected.merged?.format
        && subject.merged?.layout == expected.merged?.layout
        && subject.merged.map { BufferAttributes(name: "", asking: $0) }
          == expected.merged.map { BufferAttributes(name: "", asking: $0) }
    }
  }

  func testTheFormatIsOneOfTheLeastSumOfIndices() {
    assertLaw("format") { participants in
      guard let merged = outcome(participants).merged, let format = merged.format else {
        return true
      }
      let lists = participants.compactMap(\.formats)
      func sum(_ format: Format) -> Int {
        lists.reduce(0) { $0 + $1.firstIndex(of: format)! }
      }
      let common = Set(lists[0]).filter { format in lists.allSatisfy { $0.contains(format) } }
      return merged.formats == common.sorted()
        && format == common.min { (sum($0), $0) < (sum($1), $1) }
    }
  }

  func testThoseToBlameConflictWithoutTheOthers() {
    assertLaw("blame") { participants in
      guard let conflict = outcome(participants).conflict, conflict.participants.count <= 2 else {
        return true
      }
      let blamed = participants.filter { conflict.participants.map(\.name).contains($0.name) }
      return outcome(blamed).conflict == conflict
        && blamed.allSatisfy { conflict.relaxation.contains($0.name) }
    }
  }

  func testAnImageIsLaidOutAsTightAsTheAttributesAllow() {
    assertLaw("layout") { participants in
      guard let merged = outcome(participants, image).merged, let layout = merged.layout else {
        return true
      }
      var end = 0
      for (plane, shape) in zip(layout.planes, layout.format.fourcc.planes!) {
        let bytes = max(shape.bytes(across: image.width)!, merged.minPitch)
        let rows = shape.rows(down: image.height)
        guard isNextMultiple(plane.pitch, of: merged.pitchAlignment, from: bytes),
          isNextMultiple(plane.rows, of: merged.heightAlignment, from: rows),
          isNextMultiple(plane.offset, of: merged.offsetAlignment, from: end)
        else { return false }
        end = plane.offset + plane.pitch * plane.rows
      }
      return isNextMultiple(layout.size, of: merged.sizeAlignment, from: max(end, merged.minSize))
        && layout.size <= merged.maxSize ?? .max
        && layout.planes.allSatisfy { $0.pitch <= merged.maxPitch ?? .max }
    }
  }

  func testAttributesSurviveTheirJSONForm() {
    assertLaw("round trip", participants: 1...1, alternatives: 0...2) { participants in
      let read = try? BufferAttributes(json: Array(participants[0].json.utf8), file: "file")
      return read == participants[0]
    }
  }

  private func isNextMultiple(_ number: Int, of alignment: Int, from least: Int) -> Bool {
    number % alignment == 0 && number >= least && number - least < alignment
  }

  /// Indices by their sum, then lexicographically; -1 for a participant without alternatives.
  private func combinations(of participants: [BufferAttributes]) -> [[Int]] {
    let all = participants.reduce(into: [[Int]()]) { combinations, participant in
      let indices =
        participant.alternatives.isEmpty ? [-1] : Array(participant.alternatives.indices)
      combinations = combinations.flatMap { combination in indices.map { combination + [$0] } }
    }
    return all.sorted { left, right in
      let (leftSum, rightSum) = (left.reduce(0, +), right.reduce(0, +))
      return leftSum == rightSum ? left.lexicographicallyPrecedes(right) : leftSum < rightSum
    }
  }
}

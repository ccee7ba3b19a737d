import TexAlloc
import XCTest

/// What a heap provides, against what the others demand.
final class ProvidesTests: XCTestCase {
  private let camera = BufferAttributes(name: "camera") {
    ($0.contiguous, $0.physicalAlignment) = (true, 4096)
  }

  private func heap(_ provides: ProvidedMemory?) -> BufferAttributes {
    BufferAttributes(name: "heap", provides: provides)
  }

  func testDemandsAreMetByWhatIsProvided() {
    let region = ProvidedMemory(contiguous: true, physicalAlignment: 65536)
    XCTAssertEqual(outcome([camera, heap(region)]).merged?.provides, region)
    assertConflict(.contiguous, camera, heap(ProvidedMemory(physicalAlignment: 65536)))
    assertConflict(.physicalAlignment, camera, heap(ProvidedMemory(contiguous: true)))
    assertConflict(
      .physicalAlignment, camera, heap(.init(contiguous: true, physicalAlignment: 6144)))
    let secret = BufferAttributes(name: "decoder") { $0.protected = true }
    assertConflict(.protected, secret, heap(region))
    XCTAssertNotNil(outcome([secret, heap(.init(protected: true))]).merged)
  }

  func testTheMergedAlignmentMustDivideTheOneProvided() {
    let other = BufferAttributes(name: "other") {
      ($0.contiguous, $0.physicalAlignment) = (true, 3)
    }
    let region = ProvidedMemory(contiguous: true, physicalAlignment: 4096)
    XCTAssertNotNil(outcome([camera, heap(region)]).merged)
    assertConflict(.physicalAlignment, camera, other, heap(region))
    XCTAssertNotNil(
      outcome([camera, other, heap(.init(contiguous: true, physicalAlignment: 12288))]).merged)
  }

  func testWhereNobodyKnowsNobodyChecks() {
    XCTAssertEqual(outcome([camera, heap(nil)]).merged?.contiguous, true)
    XCTAssertNil(outcome([camera, heap(nil)]).merged?.provides)
  }

  func testWhatNobodyDemandsIsNoConflict() {
    let undemanding = BufferAttributes(name: "gpu") {
      ($0.contiguous, $0.protected, $0.physicalAlignment) = (false, false, 1)
    }
    XCTAssertNotNil(outcome([undemanding, heap(ProvidedMemory())]).merged)
  }

  func testConflictsStandInTheOrderOfTheFields() {
    let all = BufferAttributes(name: "all") {
      ($0.contiguous, $0.physicalAlignment, $0.protected) = (true, 2, true)
    }
    let reader = BufferAttributes(name: "reader") { $0.cpuUsage = [.read] }
    var provided = ProvidedMemory()
    assertConflict(.contiguous, all, reader, heap(provided))
    provided.contiguous = true
    assertConflict(.physicalAlignment, all, reader, heap(provided))
    provided.physicalAlignment = 2
    assertConflict(.protected, all, reader, heap(provided), blaming: ["all", "heap"])
    provided.protected = true
    assertConflict(.protected, all, reader, heap(provided), blaming: ["all", "reader"])
    XCTAssertNotNil(outcome([all, heap(provided)]).merged)
  }

  func testOnlyOneParticipantProvides() {
    let two = [heap(ProvidedMemory()), BufferAttributes(name: "b", provides: ProvidedMemory())]
    let invalid = outcome(two).invalid
    XCTAssertEqual([invalid?.participant, invalid?.field], ["b", "provides"])
    XCTAssertEqual(outcome(two.reversed()).invalid?.participant, "heap", "in the order given")
  }

  func testAnAlignmentThatIsNoneIsInvalid() {
    for wrong in [.min, -1, 0, 1 << 31 + 1] {
      let invalid = outcome([heap(.init(physicalAlignment: wrong))]).invalid
      XCTAssertEqual([invalid?.participant, invalid?.field], ["heap", "provides"])
    }
    XCTAssertNotNil(outcome([heap(.init(physicalAlignment: 1 << 31))]).merged)
    // Before its alternatives, after its own fields.
    var wrong = heap(.init(physicalAlignment: 0))
    wrong.alternatives = [BufferConstraints { $0.minWidth = 0 }]
    XCTAssertEqual(outcome([wrong]).invalid?.field, "provides")
    (wrong.protected, wrong.cpuUsage) = (true, [.read])
    XCTAssertEqual(outcome([wrong]).invalid?.field, "protected")
  }

  func testAnAlternativeMayBeMetWhereThePreferredIsNot() {
    let flexible = BufferAttributes(
      name: "camera", alternatives: [.init { $0.contiguous = true }, .init { $0.maxWidth = 9 }])
    let merged = outcome([flexible, heap(ProvidedMemory())]).merged
    XCTAssertEqual(merged?.alternatives.map(\.index), [1])
  }

  func testAConflictSaysWhatIsProvided() {
    let conflict = assertConflict(
      .contiguous, camera, heap(ProvidedMemory()), blaming: ["camera", "heap"])
    XCTAssertEqual(conflict?.participants.map(\.provides), [nil, ProvidedMemory()])
    XCTAssertEqual(
      conflict?.relaxation,
      "camera needs contiguous memory; heap provides memory that is not contiguous")
    XCTAssertEqual(
      assertConflict(.physicalAlignment, camera, heap(.init(contiguous: true)))?.relaxation,
      "camera needs physicalAlignment 4096; heap provides physicalAlignment 1")
  }

  func testAHeapThatDemandsWhatItDoesNotProvideIsToBlameAlone() {
    var strange = heap(ProvidedMemory())
    strange.contiguous = true
    assertConflict(.contiguous, camera, strange, blaming: ["heap"])
  }

  /// Two alignments have no common multiple that is small enough; the first of them does not divide
  /// what is provided, either.
  func testEitherRuleAboutPhysicalAlignmentIsAReasonForBlame() {
    let alignments = [32769, 1 << 31].enumerated().map { index, alignment in
      BufferAttributes(name: "p\(index)") {
        ($0.contiguous, $0.physicalAlignment) = (true, alignment)
      }
    }
    let region = heap(ProvidedMemory(contiguous: true, physicalAlignment: 1 << 31))
    assertConflict(
      .physicalAlignment, alignments[0], alignments[1], region, blaming: ["heap", "p0"])
  }

  /// Alone, the reader breaks a rule about protection before the one about caching.
  func testWhoeverBreaksAnyRuleOfTheFieldIsToBlame() {
    let choice = BufferConstraints {
      ($0.cpuUsage, $0.caching) = ([.read], [.writeCombining])
    }
    let reader = BufferAttributes(name: "reader", alternatives: [choice]) { $0.protected = true }
    let other = BufferAttributes(name: "other") { $0.caching = [.uncached] }
    assertConflict(.caching, reader, other, blaming: ["reader"])
  }

  @discardableResult
  private func assertConflict(
    _ field: MergeConflict.Field, _ participants: BufferAttributes...,
    blaming names: [String]? = nil,
    line: UInt = #line
  ) -> MergeConflict? {
    let conflict = outcome(participants).conflict
    XCTAssertEqual(conflict?.field, field, line: line)
    if let names { XCTAssertEqual(conflict?.participants.map(\.name), names, line: line) }
    return conflict
  }
}

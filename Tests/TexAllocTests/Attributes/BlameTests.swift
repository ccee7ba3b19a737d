import TexAlloc
import XCTest

final class BlameTests: XCTestCase {
  func testTheFirstWhoConflictsAloneIsBlamed() {
    let rounding = BufferConstraints {
      ($0.minPitch, $0.maxPitch, $0.pitchAlignment) = (65, 127, 64)
    }
    let participants = ["c", "b"].map { BufferAttributes(name: $0) { $0 = rounding } }
    assertBlamed(["b"], participants + [BufferAttributes(name: "a") { $0.minPitch = 500 }])
  }

  func testAnAlternativeAndItsParticipantAreOne() {
    let writeOnly = BufferConstraints { $0.caching = [.writeCombining] }
    let reader = BufferAttributes(name: "reader", alternatives: [writeOnly]) {
      $0.cpuUsage = [.read]
    }
    let conflict = assertBlamed(["reader"], [BufferAttributes(name: "gpu"), reader])
    XCTAssertEqual(conflict?.participants[0].value, BufferConstraints { $0.cpuUsage = [.read] })
    XCTAssertEqual(conflict?.participants[0].alternative, writeOnly)
  }

  func testElseTheFirstPairIsBlamed() {
    let participants = [
      BufferAttributes(name: "d") { $0.maxWidth = 5 },
      BufferAttributes(name: "c") { $0.maxWidth = 9 },
      BufferAttributes(name: "b") { $0.minWidth = 8 },
      BufferAttributes(name: "a") { $0.minWidth = 6 },
    ]
    assertBlamed(["a", "d"], participants)
  }

  func testElseEveryoneWhoSetsAnInputIsBlamed() {
    let participants = [
      BufferAttributes(name: "a") { $0.heldBuffers = 2 },
      BufferAttributes(name: "b") { $0.heldBuffers = 2 },
      BufferAttributes(name: "c") { $0.heldBuffers = 0 },
      BufferAttributes(name: "d") { $0.maxBuffers = 3 },
      BufferAttributes(name: "e") { $0.pitchAlignment = 2 },
      BufferAttributes(name: "f", alternatives: [BufferConstraints { $0.minBuffers = 1 }]),
    ]
    assertBlamed(["a", "b", "c", "d", "f"], participants)
  }

  func testAValueHoldsWhatTheParticipantSetsAndNothingElse() {
    let usage: [CPUUsage] = [.sequentialWrite, .read, .read]
    let conflict = outcome([
      BufferAttributes(name: "a") {
        ($0.caching, $0.cpuUsage, $0.heaps) = ([.uncached, .writeCombining], [], ["x"])
      },
      BufferAttributes(name: "b") { ($0.cpuUsage, $0.protected) = (usage, false) },
    ]).conflict
    XCTAssertEqual(
      conflict?.participants.map(\.value),
      [
        BufferConstraints { ($0.caching, $0.cpuUsage) = ([.uncached, .writeCombining], []) },
        BufferConstraints { $0.cpuUsage = usage },
      ])
  }

  func testInLayoutSubsetsAreTriedInTheFormatThatAllChose() {
    // Alone, `a` would choose NV12, whose second plane passes the pitch; together they choose R8.
    let a = BufferAttributes(name: "a") {
      ($0.formats, $0.maxPitch) = ([Format(.nv12), Format(.r8)], 101)
    }
    let b = BufferAttributes(name: "b") {
      ($0.formats, $0.pitchAlignment) = ([Format(.r8)], 64)
    }
    assertBlamed(["a", "b"], [a, b], ImageSize(width: 101, height: 1))
  }

  func testInLayoutTheFirstWhoConflictsAloneIsBlamed() {
    let participants = [
      BufferAttributes(name: "c") { $0.maxPitch = 10 },
      BufferAttributes(name: "b") { $0.maxPitch = 20 },
      BufferAttributes(name: "a") { $0.formats = [Format(.r8)] },
    ]
    assertBlamed(["b"], participants, ImageSize(width: 21, height: 1))
  }

  func testASizePastAllNumbersHidesNoPitchOfALaterPlane() {
    // Alone, `a` has a first plane that is short enough, though no memory could hold it; of an odd
    // width, the second plane is one byte longer.
    let width = 1 << 62 | 1
    let participants = [
      BufferAttributes(name: "a") { ($0.formats, $0.maxPitch) = ([Format(.nv12)], width) },
      BufferAttributes(name: "b") { $0.pitchAlignment = 64 },
    ]
    let conflict = assertBlamed(["a"], participants, ImageSize(width: width, height: 4))
    XCTAssertEqual(conflict?.field, .maxPitch)
  }

  func testAPitchPastAllNumbersMakesASizePastThemToo() {
    // Alone, `a` has a first plane that just fits; the row of the second is one byte too long.
    let participants = [
      BufferAttributes(name: "a") { ($0.formats, $0.maxSize) = ([Format(.nv12)], .max) },
      BufferAttributes(name: "b") { $0.heightAlignment = 2 },
    ]
    let conflict = assertBlamed(["a"], participants, ImageSize(width: .max, height: 1))
    XCTAssertEqual(conflict?.field, .maxSize)
  }

  func testAnImageThatNoOneCouldLayOutBlamesTheFirstWithoutAValue() {
    let conflict = assertBlamed(
      ["a"], [BufferAttributes(name: "b"), .init(name: "a")], ImageSize(width: 0, height: 1))
    XCTAssertEqual(conflict?.participants[0].value, BufferConstraints())
    XCTAssertEqual(outcome([], ImageSize(width: 0, height: 1)).conflict?.participants, [])
  }

  func testAFormatWithoutLayoutBlamesEveryoneWhoListsFormats() {
    let choice = BufferConstraints { $0.formats = [Format(Fourcc("P010")!)] }
    let participants = [
      BufferAttributes(name: "c") { $0 = choice }, BufferAttributes(name: "b"),
      BufferAttributes(name: "a", alternatives: [choice]),
    ]
    assertBlamed(["a", "c"], participants, ImageSize(width: 1, height: 1))
  }

  func testEveryFieldHasARelaxationThatNamesAllToBlame() {
    var seen: Set<MergeConflict.Field> = []
    let image = ImageSize(width: 100, height: 100)
    assertLaw("relaxation", alternatives: 0...1, seeds: 0..<5000) { participants in
      guard let conflict = outcome(participants, image).conflict else { return true }
      seen.insert(conflict.field)
      return conflict.participants.allSatisfy { conflict.relaxation.contains($0.name) }
    }
    XCTAssertEqual(seen, Set(MergeConflict.Field.allCases))
  }

  func testTheRelaxationStatesTheOpposingValues() {
    let gpu = BufferAttributes(name: "gpu") { $0.caching = [.writeCombining] }
    let thumbnailer = BufferAttributes(name: "thumbnailer") { $0.cpuUsage = [.read] }
    XCTAssertEqual(
      outcome([gpu, thumbnailer]).conflict?.description,
      "conflict in caching: gpu accepts only writeCombining memory; "
        + "thumbnailer wants CPU access read, needs cached memory for it")

    let display = BufferAttributes(name: "display") {
      ($0.maxPitch, $0.formats) = (4096, [Format(.xrgb8888)])
    }
    XCTAssertEqual(
      outcome([display], ImageSize(width: 1920, height: 1080)).conflict?.description,
      "conflict in maxPitch: 1920x1080 in XR24: display accepts pitch ≤ 4096 (7680 against 4096)")
  }

  @discardableResult
  private func assertBlamed(
    _ names: [String], _ participants: [BufferAttributes], _ image: ImageSize? = nil,
    line: UInt = #line
  ) -> MergeConflict? {
    let conflict = outcome(participants, image).conflict
    XCTAssertEqual(conflict?.participants.map(\.name), names, line: line)
    return conflict
  }
}

import TexAlloc
import XCTest

final class FieldRulesTests: XCTestCase {
  func testAlignmentsMergeToTheirLeastCommonMultiple() {
    let merged = merging({ $0.pitchAlignment = 64 }, { $0.pitchAlignment = 48 }, { _ in })
    XCTAssertEqual(merged?.pitchAlignment, 192)
    XCTAssertEqual(merged?.offsetAlignment, 1)
  }

  func testAnAlignmentPastTwoToThe31IsAConflict() {
    XCTAssertEqual(
      merging({ $0.sizeAlignment = 1 << 31 }, { $0.sizeAlignment = 1 << 30 })?.sizeAlignment,
      1 << 31)
    assertConflict(.sizeAlignment, { $0.sizeAlignment = 1 << 31 }, { $0.sizeAlignment = 3 })
    assertConflict(.offsetAlignment, { $0.offsetAlignment = 65536 }, { $0.offsetAlignment = 65537 })
    assertConflict(
      .physicalAlignment, { ($0.physicalAlignment, $0.contiguous) = (1 << 31, true) },
      { ($0.physicalAlignment, $0.contiguous) = (5, true) })
  }

  func testPitchIsRoundedInwardsToTheMergedAlignment() {
    let merged = merging(
      { ($0.minPitch, $0.maxPitch) = (65, 1000) }, { $0.pitchAlignment = 64 },
      { ($0.minPitch, $0.maxPitch) = (10, 900) })
    XCTAssertEqual(merged?.minPitch, 128)
    XCTAssertEqual(merged?.maxPitch, 896)
  }

  func testAPitchRangeWithoutAMultipleOfTheAlignmentIsAConflict() {
    assertConflict(.pitch, { ($0.minPitch, $0.maxPitch) = (65, 127) }, { $0.pitchAlignment = 64 })
    assertConflict(.pitch, { $0.minPitch = 2 }, { $0.maxPitch = 1 })
  }

  func testAPitchPastTheLargestNumberIsAConflict() {
    assertConflict(.pitch, { $0.minPitch = .max }, { $0.pitchAlignment = 2 })
    XCTAssertEqual(merging({ $0.minPitch = .max }, { $0.pitchAlignment = 7 })?.minPitch, .max)
  }

  func testBoundsMergeToTheNarrowest() {
    let merged = merging(
      { ($0.minWidth, $0.maxHeight, $0.minSize) = (2, 50, 7) },
      { ($0.minWidth, $0.maxWidth, $0.maxHeight, $0.maxSize) = (1, 9, 40, 8) })
    XCTAssertEqual(merged?.minWidth, 2)
    XCTAssertEqual(merged?.maxWidth, 9)
    XCTAssertEqual(merged?.minHeight, 1)
    XCTAssertEqual(merged?.maxHeight, 40)
    XCTAssertEqual(merged?.minSize, 7)
    XCTAssertEqual(merged?.maxSize, 8)
  }

  func testBoundsThatCrossAreAConflict() {
    assertConflict(.width, { $0.minWidth = 2 }, { $0.maxWidth = 1 })
    assertConflict(.height, { $0.minHeight = 2 }, { $0.maxHeight = 1 })
    assertConflict(.size, { $0.minSize = 1 }, { $0.maxSize = 0 })
  }

  func testHeldBuffersAddUp() {
    let merged = merging({ $0.heldBuffers = 2 }, { ($0.heldBuffers, $0.minBuffers) = (3, 4) })
    XCTAssertEqual(merged?.heldBuffers, 5)
    XCTAssertEqual(merged?.minBuffers, 4)
    XCTAssertEqual(merged?.buffers, 5)
    XCTAssertEqual(merging({ ($0.heldBuffers, $0.minBuffers) = (1, 4) })?.buffers, 4)
  }

  func testMoreBuffersNeededThanAllowedIsAConflict() {
    assertConflict(
      .bufferCount, { $0.heldBuffers = 2 }, { ($0.heldBuffers, $0.maxBuffers) = (1, 2) })
    assertConflict(.bufferCount, { $0.minBuffers = 3 }, { $0.maxBuffers = 2 })
    assertConflict(.bufferCount, { $0.heldBuffers = .max }, { $0.heldBuffers = 1 })
  }

  func testListsIntersect() {
    let merged = merging(
      {
        $0.formats = [Format(.yuyv), Format(.r8), Format(.nv12)]
        $0.heaps = ["memfd", "udmabuf", "system"]
        $0.caching = [.uncached, .cached]
      },
      {
        $0.formats = [Format(.nv12), Format(.nv12, Modifier(rawValue: 1)), Format(.yuyv)]
        $0.heaps = ["system", "memfd"]
        $0.caching = [.cached, .writeCombining, .uncached]
      }, { _ in })
    XCTAssertEqual(merged?.formats, [Format(.nv12), Format(.yuyv)])
    XCTAssertEqual(merged?.heaps, ["memfd", "system"])
    XCTAssertEqual(merged?.caching, [.cached, .uncached])
  }

  func testListsWithoutACommonElementAreAConflict() {
    assertConflict(
      .formats, { $0.formats = [Format(.r8)] }, { $0.formats = [Format(.r8, .invalid)] })
    assertConflict(.heaps, { $0.heaps = ["caf\u{E9}"] }, { $0.heaps = ["cafe\u{301}"] })
    assertConflict(.caching, { $0.caching = [.cached] }, { $0.caching = [.uncached] })
  }

  func testHeapsAreSortedByTheirBytes() {
    // By bytes U+FF5E comes before U+1F600; by UTF-16 it would not.
    let heaps = ["\u{1F600}", "\u{FF5E}", "e\u{301}", "\u{E9}", "B", "a"]
    let merged = merging({ $0.heaps = heaps })
    XCTAssertEqual(
      merged?.heaps?.map { Array($0.utf8) },
      ["B", "a", "e\u{301}", "\u{E9}", "\u{FF5E}", "\u{1F600}"].map { Array($0.utf8) })
  }

  func testFlagsAndUsagesUnite() {
    let merged = merging(
      { ($0.contiguous, $0.deviceUsage) = (true, [.scanout, .sample]) },
      { ($0.contiguous, $0.cpuUsage) = (false, [.sequentialWrite, .read]) },
      { ($0.deviceUsage, $0.cpuUsage) = ([.capture], [.read]) })
    XCTAssertEqual(merged?.contiguous, true)
    XCTAssertEqual(merged?.protected, false)
    XCTAssertEqual(merged?.cpuUsage, [.read, .sequentialWrite])
    XCTAssertEqual(merged?.deviceUsage, [.capture, .sample, .scanout])
  }

  func testEveryUsageIsListedByName() {
    XCTAssertEqual(CPUUsage.allCases.map(\.rawValue), CPUUsage.allCases.map(\.rawValue).sorted())
    XCTAssertEqual(
      DeviceUsage.allCases.map(\.rawValue), DeviceUsage.allCases.map(\.rawValue).sorted())
  }

  func testProtectedMemoryConflictsWithAnyCPUUsage() {
    assertConflict(.protected, { $0.protected = true }, { $0.cpuUsage = [.sequentialWrite] })
    XCTAssertEqual(merging({ $0.protected = true }, { $0.cpuUsage = [] })?.protected, true)
  }

  func testReadingNeedsCachedMemoryWhereCachingIsRestricted() {
    for usage in [CPUUsage.read, .randomWrite] {
      assertConflict(.caching, { $0.cpuUsage = [usage] }, { $0.caching = [.writeCombining] })
      XCTAssertNotNil(merging({ $0.cpuUsage = [usage] }))
    }
    XCTAssertNotNil(
      merging({ $0.cpuUsage = [.sequentialWrite] }, { $0.caching = [.writeCombining] }))
  }

  func testTheFirstConflictInTheOrderOfTheFieldsIsReported() {
    var constraints = (
      BufferConstraints {
        ($0.offsetAlignment, $0.minPitch, $0.minWidth, $0.minBuffers) = (1 << 31, 2, 2, 2)
        ($0.formats, $0.heaps, $0.caching) = ([Format(.r8)], ["a"], [.cached])
        $0.protected = true
      },
      BufferConstraints {
        ($0.offsetAlignment, $0.maxPitch, $0.maxWidth, $0.maxBuffers) = (3, 1, 1, 1)
        ($0.formats, $0.heaps, $0.caching) = ([Format(.nv12)], ["b"], [.uncached])
        $0.cpuUsage = [.read]
      }
    )
    let steps: [(MergeConflict.Field, repair: (inout BufferConstraints) -> Void)] = [
      (.offsetAlignment, { $0.offsetAlignment = 1 }), (.pitch, { $0.maxPitch = nil }),
      (.width, { $0.maxWidth = nil }), (.bufferCount, { $0.maxBuffers = nil }),
      (.formats, { $0.formats = nil }), (.heaps, { $0.heaps = nil }),
      (.caching, { $0.caching = [.cached, .uncached] }), (.protected, { $0.protected = nil }),
    ]
    for (field, repair) in steps {
      assertConflict(field, { $0 = constraints.0 }, { $0 = constraints.1 })
      repair(&constraints.0)
      repair(&constraints.1)
    }
    XCTAssertEqual(merging({ $0 = constraints.0 }, { $0 = constraints.1 })?.chosenCaching, .cached)
  }

  func testTheLowestSumOfIndicesChoosesTheFormat() {
    let merged = merging(
      { $0.formats = [Format(.r8), Format(.nv12), Format(.yuyv)] },
      { $0.formats = [Format(.yuyv), Format(.nv12), Format(.gr88), Format(.r8)] })
    XCTAssertEqual(merged?.format, Format(.nv12))
  }

  func testTiesGoToTheLowerFourccThenToTheLowerModifier() {
    XCTAssertEqual(
      merging(
        { $0.formats = [Format(.yuyv), .init(.r8)] }, { $0.formats = [.init(.r8), .init(.yuyv)] })?
        .format, Format(.r8))
    let tiled = Format(.r8, Modifier(rawValue: 1))
    XCTAssertEqual(
      merging({ $0.formats = [tiled, Format(.r8)] }, { $0.formats = [Format(.r8), tiled] })?.format,
      Format(.r8))
    XCTAssertEqual(merging({ $0.formats = [tiled, Format(.r8)] })?.format, tiled)
  }

  func testWithoutRestrictionNothingIsChosen() {
    let merged = merging({ $0.cpuUsage = [.read] })
    XCTAssertNil(merged?.format)
    XCTAssertNil(merged?.chosenCaching)
  }

  func testTheFirstCachingThatUsageAllowsIsChosen() {
    XCTAssertEqual(merging({ $0.caching = [.uncached, .cached] })?.chosenCaching, .cached)
    XCTAssertEqual(
      merging({ $0.caching = [.cached, .writeCombining] })?.chosenCaching, .writeCombining)
    XCTAssertEqual(merging({ $0.caching = [.uncached] })?.chosenCaching, .uncached)
    XCTAssertEqual(
      merging({ $0.caching = Caching.allCases }, { $0.cpuUsage = [.randomWrite] })?.chosenCaching,
      .cached)
  }

  private typealias Setting = (inout BufferConstraints) -> Void

  private func merge(_ settings: [Setting]) -> Result<MergedAttributes, MergeError> {
    outcome(settings.enumerated().map { BufferAttributes(name: "p\($0)", $1) })
  }

  private func merging(_ settings: Setting...) -> MergedAttributes? { merge(settings).merged }

  private func assertConflict(
    _ field: MergeConflict.Field, _ settings: Setting...,
    file: StaticString = #filePath, line: UInt = #line
  ) {
    XCTAssertEqual(merge(settings).conflict?.field, field, file: file, line: line)
  }
}

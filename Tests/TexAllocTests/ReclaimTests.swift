import TestSupport
import Dispatch
import XCTest

@testable import TexAlloc

final class ReclaimTests: XCTestCase {
  /// 4 MiB in whole pages.
  private let large = ImageDescriptor(width: 1024, height: 1024, formats: [.abgr8888])

  func testAllocationWaitsForAFenceUntilItPasses() throws {
    let pool = try pool(budget: 4 << 20)
    let fence = ManualFence()
    do { try pool.allocate(large).hold(until: fence) }
    DispatchQueue.global().asyncAfter(deadline: .now() + .milliseconds(20)) { fence.pass() }
    XCTAssertNoThrow(try pool.allocate(large, waiting: .until(.now + .seconds(30))))
  }

  func testAWriterWaitsForACopyUnlessItOnlyAddsPixels() throws {
    let buffer = try pool(budget: 4 << 20).allocate(large, for: .rewritten)
    let (first, second) = (ManualFence(), ManualFence())
    buffer.hold(until: first, writers: true)
    DispatchQueue.global().asyncAfter(deadline: .now() + .milliseconds(20)) { first.pass() }
    _ = buffer.writer()
    XCTAssertTrue(first.hasPassed)
    buffer.isAddedTo = true
    buffer.hold(until: second, writers: true)
    let hasWritten = expectation(description: "who adds waits for nobody")
    Thread.detachNewThread {
      _ = buffer.writer()
      hasWritten.fulfill()
    }
    wait(for: [hasWritten], timeout: 5)
    second.pass()
  }

  func testAsynchronousAllocationWaitsForAFenceWithoutAThread() async throws {
    let pool = try pool(budget: 4 << 20)
    let fence = ManualFence()
    do { try pool.allocate(large).hold(until: fence) }
    let waiting = Task { [large] in
      try await pool.allocate(large, waitingUntil: .now + .seconds(60)).layout.size
    }
    XCTAssertEqual(pool.statistics.waitingSlots, 1)
    fence.pass()
    let size = try await waiting.value
    XCTAssertGreaterThan(size, 0)
  }

  func testAsynchronousAllocationFailsAtItsDeadlineAndWhenItsTaskIsCancelled() async throws {
    let pool = try pool(budget: 4 << 20)
    do { try pool.allocate(large).hold(until: ManualFence()) }
    let late = Task { [large] in try await pool.allocate(large, waitingUntil: .now).name }
    let cancelled = Task { [large] in
      try await pool.allocate(large, waitingUntil: .now + .seconds(600)).name
    }
    cancelled.cancel()
    for task in [late, cancelled] {
      guard case .failure(let error) = await task.result else {
        return XCTFail("memory that a device still uses")
      }
      XCTAssertEqual(
        error as? AllocationError, .budget(wanted: 4 << 20, allocated: 4 << 20, limit: 4 << 20))
    }
  }

  func testAWaitingAllocationTakesWhateverComesBackFirst() throws {
    let pool = try pool(budget: 8 << 20)
    let (never, soon) = (ManualFence(), ManualFence())
    do {
      try pool.allocate(large).hold(until: never)
      try pool.allocate(large).hold(until: soon)
    }
    DispatchQueue.global().asyncAfter(deadline: .now() + .milliseconds(20)) { soon.pass() }
    let start = ContinuousClock.now
    XCTAssertNoThrow(try pool.allocate(large, waiting: .until(start + .seconds(60))))
    XCTAssertLessThan(ContinuousClock.now - start, .seconds(30))
    never.pass()
  }

  func testHoldsThatHavePassedDoNotPileUpAndNoneIsLost() throws {
    let pool = try pool(budget: .max)
    let last = ManualFence()
    do {
      let buffer = try pool.allocate(large)
      for _ in 0..<1000 { buffer.hold(until: ManualFence.passed) }
      buffer.hold(until: last)
      buffer.hold(until: ManualFence.passed)
    }
    XCTAssertEqual(pool.statistics.waitingSlots, 1)
    last.pass()
    pool.trim()
    XCTAssertEqual(pool.statistics.slots, 0)
  }

  /// A fence of an application may know its pool, and is asked whenever the pool looks for memory.
  func testAFenceMayUseThePoolThatAsksIt() throws {
    let pool = try pool(budget: 8 << 20)
    let fence = PoolFence(pool)
    do {
      try pool.allocate(large).hold(until: fence)
      try pool.allocate(large).hold(until: fence)
    }
    XCTAssertThrowsError(try pool.allocate(large))
    pool.trim()
    fence.pass()
    XCTAssertNoThrow(try pool.allocate(large, waiting: .until(.now + .seconds(30))))
    XCTAssertGreaterThan(fence.questions, 0)
  }

  func testSlotsBehindOnesThatStillWaitAreUsedBeforeThePoolGrows() throws {
    let pool = try pool(budget: 32 << 20)
    var held = try (0..<8).map { _ in try pool.allocate(large) }
    let passed = held[7].offset
    for (index, buffer) in held.enumerated() {
      let fence = ManualFence()
      buffer.hold(until: fence)
      if index == 7 { fence.pass() }
    }
    held = []
    XCTAssertEqual(try pool.allocate(large).offset, passed)
  }

  func testAllocationFailsAtItsDeadline() throws {
    let pool = try pool(budget: 4 << 20)
    do { try pool.allocate(large).hold(until: ManualFence()) }
    XCTAssertThrowsError(try pool.allocate(large, waiting: .until(.now + .milliseconds(20))))
    XCTAssertEqual(pool.statistics.waitingSlots, 1)
  }

  func testBudgetIsAnErrorThatNamesIt() throws {
    let pool = try pool(budget: 4 << 20)
    let held = try pool.allocate(large)
    let before = pool.statistics
    XCTAssertThrowsError(try pool.allocate(large, waiting: .until(.now + .seconds(30)))) {
      XCTAssertEqual(
        $0 as? AllocationError, .budget(wanted: 4 << 20, allocated: 4 << 20, limit: 4 << 20))
    }
    XCTAssertEqual(pool.statistics, before)
    withExtendedLifetime(held) {}
  }

  func testTheLastSlabIsAsSmallAsTheBudgetLeaves() throws {
    let pool = try pool(budget: 6 << 20)
    let held = try pool.allocate(large)
    let small = ImageDescriptor(width: 512, height: 512, formats: [.abgr8888])
    let more = try pool.allocate(small)
    XCTAssertEqual(pool.statistics.slabBytes, 6 << 20)
    withExtendedLifetime((held, more)) {}
  }

  func testTrimGivesBackWhatNoImageUsesAndMovesNone() throws {
    let pool = try pool(budget: .max)
    let quarter = ImageDescriptor(width: 512, height: 512, formats: [.abgr8888])
    var buffers = try (0..<8).map { _ in try pool.allocate(quarter) }
    for buffer in buffers { fill(buffer, with: 7) }
    let offsets = buffers.map(\.offset)
    for index in [6, 4, 1, 0] { buffers.remove(at: index) }
    XCTAssertGreaterThan(pool.trim(), 0)
    // What the pool's thread was making ready just then has come after it.
    let deadline = ContinuousClock.now + .seconds(60)
    while pool.statistics.residentBytes > 4 << 20, ContinuousClock.now < deadline { pool.trim() }
    XCTAssertEqual(pool.statistics.residentBytes, 4 << 20)
    XCTAssertEqual(buffers.map(\.offset), [2, 3, 5, 7].map { offsets[$0] })
    for buffer in buffers {
      XCTAssertTrue(try buffer.withContents { all($0, are: 7) })
    }
    let again = try pool.allocate(quarter)
    XCTAssertTrue(try again.withContents { all($0, are: 0) })
    buffers = []
    withExtendedLifetime(again) { XCTAssertGreaterThan(pool.trim(), 0) }
  }

  func testSnapshotTellsLiveFromWaitingAndFree() throws {
    let pool = try pool(budget: .max)
    let quarter = ImageDescriptor(width: 512, height: 512, formats: [.abgr8888])
    let fence = ManualFence()
    let held = try pool.allocate(quarter, named: "held")
    do { try pool.allocate(quarter, named: "drawn").hold(until: fence) }
    let slab = try XCTUnwrap(pool.snapshot.slabs.first)
    XCTAssertEqual(slab.slots.map(\.state), [.live, .waiting, .free])
    XCTAssertEqual(slab.slots.map(\.name), ["held", "drawn", ""])
    XCTAssertEqual(slab.slots.reduce(0) { $0 + $1.size }, slab.size)
    withExtendedLifetime(held) {}
  }

  func testLeakReportNamesWhatIsHeldAndNotWhatWaits() throws {
    let pool = try pool(budget: .max)
    XCTAssertNil(LeakReport(of: pool.snapshot))
    let held = try pool.allocate(large, named: "held")
    do { try pool.allocate(large, named: "drawn").hold(until: ManualFence()) }
    let report = try XCTUnwrap(LeakReport(of: pool.snapshot)).text
    XCTAssertTrue(report.contains("held, written by application, 4194304 bytes"), report)
    XCTAssertFalse(report.contains("drawn"), report)
    withExtendedLifetime(held) {}
  }

  func testEightThreadsLeaveNothingBehind() throws {
    let pool = try pool(budget: .max)
    DispatchQueue.concurrentPerform(iterations: 8) { thread in
      var random = SplitMix64(seed: UInt64(thread))
      var held: [TextureBuffer] = []
      for _ in 0..<500 {
        let image = ImageDescriptor(
          width: .random(in: 1...400, using: &random), height: .random(in: 1...400, using: &random),
          formats: [.abgr8888])
        guard let buffer = try? pool.allocate(image, named: "\(thread)") else { return }
        if Bool.random(using: &random) {
          let fence = ManualFence()
          buffer.hold(until: fence)
          DispatchQueue.global().async { fence.pass() }
        }
        held.append(buffer)
        if held.count > 10 { held.remove(at: .random(in: 0..<10, using: &random)) }
      }
      _ = pool.snapshot
      pool.trim()
    }
    // The fences have passed, or are about to.
    for _ in 0..<60_000 where pool.statistics.slots > 0 {
      usleep(1_000)
      pool.trim()
    }
    XCTAssertEqual(pool.statistics.slots, 0)
    pool.trim()
    XCTAssertEqual(pool.statistics.slabs, 0)
  }

  func testWritingPreparedMemoryFaultsOnNoPage() throws {
    let pool = try pool(budget: .max)
    let quarter = ImageDescriptor(width: 512, height: 512, formats: [.abgr8888])
    let first = try pool.allocate(quarter)
    fill(first, with: 1)
    for _ in 0..<5_000 where pool.statistics.residentBytes < 4 << 20 { usleep(1_000) }
    XCTAssertEqual(pool.statistics.residentBytes, 4 << 20, "the pages of the slab are made ready")
    let second = try pool.allocate(quarter)
    let before = minorFaults()
    fill(second, with: 1)
    // AddressSanitizer's record of the memory, an eighth of it, is new.
    XCTAssertLessThan(minorFaults() - before, 48, "of 256 pages")
  }

  private func minorFaults() -> Int {
    var usage = rusage()
    let thread = __rusage_who_t(1)  // RUSAGE_THREAD, which the headers keep to GNU sources
    XCTAssertEqual(unsafe getrusage(thread, &usage), 0)
    return usage.ru_minflt
  }

  private func all(_ bytes: Span<UInt8>, are value: UInt8) -> Bool {
    bytes.indices.allSatisfy { bytes[$0] == value }
  }

  private func pool(budget: Int) throws -> TexturePool {
    try TexturePool(for: [], from: [MemfdHeap()], limits: PoolLimits(budget: budget))
  }

  private func fill(_ buffer: TextureBuffer, with byte: UInt8) {
    var writer = buffer.writer()
    writer.fill(0..<writer.rowCount, with: byte)
  }
}

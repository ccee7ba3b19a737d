import Dispatch
import Foundation
import Synchronization
import SystemPackage
import XCTest

@testable import TexAlloc

/// How a pool comes to more slabs.
final class GrowthTests: XCTestCase {
  private let heap = ScriptedHeap()
  /// 256 KiB.
  private let small = ImageDescriptor(width: 256, height: 256, formats: [.abgr8888])

  func testASlabThatTheHeapCannotGiveIsTriedByHalvesDownToWhatIsNeeded() throws {
    heap.giveAtMost(5 << 20)
    let pool = try pool(PoolLimits(firstSlab: 32 << 20, prefault: 0))
    let held = try pool.allocate(small)
    XCTAssertEqual(heap.sizes.map { $0 >> 20 }, [32, 16, 8, 4])
    XCTAssertEqual(pool.statistics.slabBytes, 4 << 20)

    heap.giveAtMost(3 << 16)
    XCTAssertThrowsError(try pool.allocate(small, for: [.texture, .dedicated])) {
      guard case AllocationError.heap(let failure) = $0 else { return XCTFail("\($0)") }
      XCTAssertEqual(failure.errno, .noMemory)
    }
    XCTAssertEqual(heap.sizes.last, 256 << 10)
    withExtendedLifetime(held) {}
  }

  func testNoSlabIsLargerThanTheHeapGives() throws {
    let heap = ScriptedHeap(maxSize: 6 << 20)
    let pool = try TexturePool(for: [], from: [heap])
    let held = try (0..<40).map { _ in try pool.allocate(small) }
    XCTAssertTrue(heap.sizes.allSatisfy { $0 <= 6 << 20 }, "\(heap.sizes)")
    let whole = ImageDescriptor(width: 1024, height: 1536, formats: [.abgr8888])
    XCTAssertEqual(try pool.allocate(whole).slabSize, 6 << 20)
    withExtendedLifetime(held) {}
  }

  func testLimitsBeyondAllMemoryAreNoneAtAll() throws {
    for limits in [
      PoolLimits(firstSlab: 1 << 62), PoolLimits(prefault: .max),
      PoolLimits(firstSlab: .max, largestSlab: .max, budget: .max, prefault: .max),
    ] {
      let pool = try TexturePool(for: [], from: [ScriptedHeap(maxSize: 6 << 20)], limits: limits)
      let held = try (0..<40).map { _ in try pool.allocate(small) }
      XCTAssertEqual(pool.statistics.slots, held.count)
    }
  }

  func testAHeapThatGivesLessThanItWasAskedForIsATypedError() throws {
    struct Miser: Heap {
      let attributes = BufferAttributes(name: "miser") { $0.heaps = ["miser"] }
      func makeSlab(of size: Int) throws(SystemFailure) -> Slab {
        try MemfdHeap().makeSlab(of: pageSize)
      }
    }
    let pool = try TexturePool(for: [], from: [Miser()])
    XCTAssertThrowsError(try pool.allocate(small)) {
      XCTAssertTrue("\($0)".contains("miser: makeSlab gave \(pageSize) bytes"), "\($0)")
    }
  }

  /// A dedicated image that is smaller than the least that the heap gives.
  func testASlabMayBeMuchLargerThanWasAskedFor() throws {
    struct Coarse: Heap {
      let attributes = BufferAttributes(name: "coarse") { $0.heaps = ["coarse"] }
      func makeSlab(of size: Int) throws(SystemFailure) -> Slab {
        try MemfdHeap().makeSlab(of: size.roundedUp(toMultipleOf: 2 << 20))
      }
    }
    let pool = try TexturePool(for: [], from: [Coarse()])
    for flags in [AllocationFlags.texture, [.texture, .dedicated], [.texture, .exportable]] {
      XCTAssertNoThrow(try pool.allocate(small, for: flags))
    }
  }

  func testNobodyWaitsForTheHeapWhoNeedsNothingFromIt() throws {
    let pool = try pool(PoolLimits(firstSlab: 2 << 20, prefault: 0))
    var held = [try pool.allocate(small), try pool.allocate(small)]
    let (isAsked, mayGoOn) = (DispatchSemaphore(value: 0), DispatchSemaphore(value: 0))
    heap.beforeEachSlab { _ in
      isAsked.signal()
      mayGoOn.wait()
    }
    let waiting = Background { [small] in _ = try pool.allocate(small, for: [.texture, .dedicated])
    }
    isAsked.wait()
    held.removeLast()
    held.append(try pool.allocate(small))
    XCTAssertEqual(pool.statistics.slots, 2)
    XCTAssertFalse(waiting.isDone)
    mayGoOn.signal()
    try waiting.join()
  }

  /// Whatever its slot is of, and also where it is the release that has the pool's thread do something.
  func testAReleaseNeverWaitsForGrowth() throws {
    let pool = try pool(PoolLimits(firstSlab: 1 << 20))
    let large = ImageDescriptor(width: 4096, height: 4096, formats: [.abgr8888])
    var held = [
      try pool.allocate(large), try pool.allocate(small, for: [.texture, .dedicated]),
      try pool.allocate(small, for: [.texture, .exportable]), try pool.allocate(small),
    ]
    let (isAsked, mayGoOn) = (DispatchSemaphore(value: 0), DispatchSemaphore(value: 0))
    let waits = Atomic(0)
    heap.beforeEachSlab { _ in
      isAsked.signal()
      if mayGoOn.wait(timeout: .now() + 20) == .timedOut { waits.add(1, ordering: .relaxed) }
    }
    // Nearly full, so that the pool grows ahead of need.
    let others = try (0..<3).map { _ in try pool.allocate(small) }
    XCTAssertEqual(isAsked.wait(timeout: .now() + 20), .success)
    let fence = PoolFence(pool)
    held[3].hold(until: fence)
    var longest = Duration.zero
    while !held.isEmpty {
      longest = max(longest, ContinuousClock().measure { held.removeLast() })
    }
    fence.pass()
    pool.collect()
    XCTAssertEqual(pool.statistics.slots, others.count)
    mayGoOn.signal()
    XCTAssertTrue(happens { pool.statistics.slabs >= 2 })
    XCTAssertEqual(waits.load(ordering: .relaxed), 0, "the heap had to go on first")
    print("the longest release while the heap was at work: \(longest)")
  }

  func testThoseWhoWaitShareOneSlab() throws {
    let pool = try pool(PoolLimits(firstSlab: 4 << 20, prefault: 0))
    let (isAsked, mayGoOn) = (DispatchSemaphore(value: 0), DispatchSemaphore(value: 0))
    heap.beforeEachSlab { _ in
      isAsked.signal()
      mayGoOn.wait()
    }
    let buffers = Mutex<[TextureBuffer]>([])
    let waiting = (0..<8).map { _ in
      Background { [small] in
        let buffer = try pool.allocate(small)
        buffers.withLock { $0.append(buffer) }
      }
    }
    isAsked.wait()
    usleep(20_000)
    mayGoOn.signal()
    for thread in waiting { try thread.join() }
    XCTAssertEqual(heap.sizes, [4 << 20])
    XCTAssertEqual(buffers.withLock { Set($0.map(\.offset)).count }, 8)
  }

  func testAPoolGrowsBeforeThereIsNeed() throws {
    let pool = try pool(PoolLimits(firstSlab: 1 << 20))
    let held = try (0..<4).map { _ in try pool.allocate(small) }
    XCTAssertTrue(happens { pool.statistics.slabs == 2 }, "\(pool.statistics)")
    XCTAssertEqual(heap.sizes, [1 << 20, 2 << 20])
    withExtendedLifetime(held) {}

    let limited = try self.pool(PoolLimits(firstSlab: 1 << 20, budget: 2 << 20))
    let all = try (0..<4).map { _ in try limited.allocate(small) }
    XCTAssertFalse(happens(within: 20) { limited.statistics.slabs > 1 }, "past the budget")
    withExtendedLifetime(all) {}
  }

  func testTheHeapIsCalledOnAThreadOfThePools() throws {
    let name = Mutex("")
    heap.beforeEachSlab { _ in
      let current = try? String(contentsOfFile: "/proc/thread-self/comm", encoding: .utf8)
      name.withLock { $0 = current ?? "" }
    }
    _ = try pool().allocate(small)
    XCTAssertEqual(name.withLock { $0 }, "texalloc-pool\n")
  }

  func testAHeapMayUseThePoolWhileItMakesASlabForIt() throws {
    let pool = try pool(PoolLimits(firstSlab: 1 << 20, prefault: 0))
    let held = try pool.allocate(small)
    let outcomes = Mutex<[String]>([])
    heap.beforeEachSlab { [small] _ in
      // There is room for one; for others the pool would have to grow, which waits for this.
      let room = Result { try pool.allocate(small).slabSize }
      let none = Result { try pool.allocate(small, for: [.texture, .dedicated]).slabSize }
      outcomes.withLock { $0 = ["\(room)", "\(none)", "\(pool.statistics.slots)"] }
    }
    _ = try pool.allocate(small, for: [.texture, .exportable])
    let found = outcomes.withLock { $0 }
    XCTAssertEqual(found[0], "success(1048576)")
    XCTAssertTrue(found[1].contains("deadlock"), found[1])
    XCTAssertEqual(found[2], "1")
    withExtendedLifetime(held) {}
  }

  func testAThousandPoolsAtRestHaveNoThread() throws {
    let limits = PoolLimits(firstSlab: 64 << 10, prefault: 64 << 10)
    let icon = ImageDescriptor(width: 16, height: 16, formats: [.abgr8888])
    let pools = try (0..<1_000).map { _ in try TexturePool(for: [], from: [heap], limits: limits) }
    for pool in pools { _ = try pool.allocate(icon) }
    XCTAssertTrue(happens(within: 10_000) { self.threads == 0 }, "\(threads) threads")
    withExtendedLifetime(pools) {}
  }

  func testTheThreadGoesWithThePool() throws {
    do { _ = try pool().allocate(small) }
    XCTAssertTrue(happens(within: 900) { self.threads == 0 }, "\(threads) threads")
  }

  /// How many threads of pools there are.
  private var threads: Int {
    let tasks = (try? FileManager.default.contentsOfDirectory(atPath: "/proc/self/task")) ?? []
    return tasks.count {
      (try? String(contentsOfFile: "/proc/self/task/\($0)/comm", encoding: .utf8))
        == "texalloc-pool\n"
    }
  }

  private func pool(_ limits: PoolLimits = PoolLimits()) throws -> TexturePool {
    try TexturePool(for: [], from: [heap], limits: limits)
  }

  /// Whether it becomes true in time.
  private func happens(within milliseconds: Int = 5_000, _ condition: () -> Bool) -> Bool {
    for _ in 0..<milliseconds {
      if condition() { return true }
      usleep(1_000)
    }
    return condition()
  }
}

/// A thread that a test waits for.
private final class Background: Sendable {
  private let outcome = Mutex<Result<Void, any Error>?>(nil)
  private let done = DispatchSemaphore(value: 0)

  init(_ body: @escaping @Sendable () throws -> Void) {
    Thread.detachNewThread { [self] in
      let result = Result { try body() }
      outcome.withLock { $0 = result }
      done.signal()
    }
  }

  var isDone: Bool { outcome.withLock { $0 != nil } }

  func join() throws {
    done.wait()
    try outcome.withLock { $0 }?.get()
  }
}

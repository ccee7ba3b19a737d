import TexAlloc
import XCTest

/// Fences of vgem as sync files, which pass when they are told to.
final class SyncFileTests: XCTestCase {
  private let image = ImageDescriptor(width: 64, height: 64, formats: [.abgr8888])

  func testASyncFilePassesWithItsFence() throws {
    let fence = try PendingFence(from: PresentHeap.dumbBuffers(of: "vgem"))
    let file = fence.syncFile
    let copy = try SyncFile(owning: file.duplicate())
    let began = ContinuousClock.now
    XCTAssertFalse(file.hasPassed)
    XCTAssertFalse(file.wait(until: .now + .milliseconds(20)))
    XCTAssertGreaterThanOrEqual(ContinuousClock.now - began, .milliseconds(20))
    try fence.pass()
    XCTAssertTrue(file.hasPassed)
    XCTAssertTrue(copy.wait(until: .now))
  }

  func testASlotIsNotReusedBeforeASyncFilePasses() throws {
    let vgem = try PresentHeap.dumbBuffers(of: "vgem")
    let limits = PoolLimits(budget: 64 * 64 * 4)
    for present in try PresentHeap.all() {
      let pool = try TexturePool(for: [], from: [present.heap], limits: limits)
      let fence = try PendingFence(from: vgem)
      do { try pool.allocate(image).hold(until: fence.syncFile) }
      XCTAssertThrowsError(try pool.allocate(image), present.name) {
        guard case AllocationError.budget = $0 else { return XCTFail("\($0)") }
      }
      XCTAssertEqual(pool.statistics.waitingSlots, 1, present.name)
      try fence.pass()
      XCTAssertNoThrow(try pool.allocate(image, waiting: .until(.now + .seconds(60))))
    }
  }

  /// Readers wait for writers, writers for everyone.
  func testFencesLieWithTheMemoryOfEveryHeap() throws {
    let vgem = try PresentHeap.dumbBuffers(of: "vgem")
    for present in try PresentHeap.all() {
      let pool = try TexturePool(for: [], from: [present.heap])
      try CapabilityTable.check(present.name, "sync files in and out", in: self) {
        for access in [ImplicitAccess.reading, .writing] {
          var buffer: TextureBuffer? = try pool.allocate(image, for: [.texture, .exportable])
          // A driver may itself be at work on memory that it has just made.
          let made = try XCTUnwrap(buffer).fence(before: .writing)
          XCTAssertTrue(made.wait(until: .now + .seconds(60)), present.name)
          let fence = try PendingFence(from: vgem)
          try buffer?.attach(fence.syncFile, of: access)
          let forReading = try XCTUnwrap(buffer).fence(before: .reading)
          let forWriting = try XCTUnwrap(buffer).fence(before: .writing)
          XCTAssertEqual(forReading.hasPassed, access == .reading, present.name)
          XCTAssertFalse(forWriting.hasPassed, present.name)
          buffer = nil
          XCTAssertEqual(
            pool.statistics.waitingSlots, 1, "\(present.name): the slot did not wait")
          try fence.pass()
          XCTAssertTrue(forReading.hasPassed && forWriting.hasPassed, present.name)
        }
      }
    }
  }
}

import Synchronization
import TexAlloc
import XCTest

final class PendingFenceTests: XCTestCase {
  /// A device writes one image; meanwhile the CPU writes another of the same slab.
  func testWritingOneSlotDoesNotWaitForTheUseOfAnother() throws {
    let vgem = try PresentHeap.dumbBuffers(of: "vgem")
    for present in try PresentHeap.all() {
      let pool = try TexturePool(for: [], from: [present.heap])
      let descriptor = ImageDescriptor(width: 64, height: 64, formats: [.abgr8888])
      let (used, written) = (try pool.allocate(descriptor), try pool.allocate(descriptor))
      XCTAssertEqual(used.descriptor, written.descriptor, "they share a slab")

      let slab = try XCTUnwrap(used.descriptor)
      let fence = try PendingFence(from: vgem)
      try fence.attach(to: slab)
      XCTAssertTrue(PendingFence.isPending(on: slab), present.name)
      var writer = written.writer()
      writer.fill(0..<writer.rowCount, with: 7)
      let wasPending = PendingFence.isPending(on: slab)
      XCTAssertTrue(wasPending, present.name)
      try fence.pass()
      XCTAssertFalse(PendingFence.isPending(on: slab), present.name)
      CapabilityTable.print(present.name, "writing does not wait", wasPending)
    }
  }

  /// The whole slab does wait where it is asked for, which is why it is asked for once a frame.
  func testSynchronizingWaitsForTheUseOfTheSlab() throws {
    let vgem = try PresentHeap.dumbBuffers(of: "vgem")
    for present in try PresentHeap.all() {
      let slab = try present.heap.makeSlab(of: 1)
      guard slab.caching == .cached else { continue }
      let fence = try PendingFence(from: vgem)
      try fence.attach(to: XCTUnwrap(slab.descriptor))
      let hasPassed = Atomic(false)
      DispatchQueue.global().asyncAfter(deadline: .now() + .milliseconds(100)) {
        hasPassed.store(true, ordering: .releasing)
        do { try fence.pass() } catch { XCTFail("\(error)") }
      }
      try slab.beginCPUAccess(for: [.read])
      let waited = hasPassed.load(ordering: .acquiring)
      XCTAssertTrue(waited, "\(present.name): the access began before the fence had passed")
      CapabilityTable.print(present.name, "synchronizing waits", waited)
    }
  }
}

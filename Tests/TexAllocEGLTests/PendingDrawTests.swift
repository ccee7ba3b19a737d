import ProgramSupport
import TestSupport
import TexAlloc
import TexAllocEGL
import XCTest

final class PendingDrawTests: XCTestCase {
  /// By the state of a fence, not by time: a draw is still under way when the write is over, as none
  /// is if the write waits.
  func testAWriteToOneSlotDoesNotWaitForAPendingDrawFromAnother() throws {
    let gpu = try TestDevice.importing()
    for heap in Heaps.present() where gpu.attributes.heaps?.contains(heap.name) == true {
      let pool = try TexturePool(for: [gpu], from: [heap])
      let slow = try SlowDraw(from: pool, on: gpu)
      XCTAssertEqual(slow.texture.route, .imported)
      let written = try pool.allocate(SlowDraw.image)
      XCTAssertEqual(slow.texture.buffer.descriptor, written.descriptor, "not of one slab")
      let other = try gpu.register(written)
      let canvas = try Canvas(width: SlowDraw.side, height: SlowDraw.side)
      let outlasts = try SlowDraw.times.contains { times in
        try slow.draw(on: canvas, times: times)
        let fence = try gpu.makeFence()
        let wasPending = !fence.hasPassed
        do {
          var writer = written.writer()
          writer.fill(0..<writer.rowCount, with: 0x7F)
        }
        let isStillPending = !fence.hasPassed
        XCTAssertTrue(fence.wait(until: .now + .seconds(120)))
        return wasPending && isStillPending
      }
      XCTAssertTrue(outlasts, "\(heap.name): no draw was under way when the write was over")
      withExtendedLifetime(other) {}
    }
  }
}

import TexAlloc
import XCTest

@testable import TexAllocEGL

final class PendingDrawTests: XCTestCase {
  /// By the state of a fence, not by time: the draw is still under way when the write is over.
  func testAWriteToOneSlotDoesNotWaitForAPendingDrawFromAnother() throws {
    let gpu = try TestDevice.importing()
    for heap in Heaps.present() where gpu.attributes.heaps?.contains(heap.name) == true {
      let pool = try TexturePool(for: [gpu], from: [heap])
      let image = ImageDescriptor(width: 256, height: 256, formats: [.abgr8888])
      let (sampled, written) = (try pool.allocate(image), try pool.allocate(image))
      XCTAssertEqual(sampled.descriptor, written.descriptor, "not of one slab")
      fill(sampled)
      let texture = try gpu.register(sampled)
      let other = try gpu.register(written)

      let canvas = try Canvas(width: 192, height: 192)
      let slow = Canvas.Quad(
        x: 0, y: 0, width: 192, height: 192, texelWidth: 12288, texelHeight: 12288)
      canvas.draw([slow], from: .image(texture.name))
      let fence = try gpu.makeFence()
      let wasPending = !fence.hasPassed
      fill(written)
      let isStillPending = !fence.hasPassed
      XCTAssertTrue(wasPending, "the draw was over at once: it proves nothing")
      XCTAssertTrue(isStillPending, "\(heap.name): the write waited for the draw")
      XCTAssertTrue(fence.wait(until: .now + .seconds(120)))
      withExtendedLifetime(other) {}
    }
  }

  private func fill(_ buffer: TextureBuffer) {
    var writer = buffer.writer()
    writer.fill(0..<writer.rowCount, with: 0x7F)
  }
}

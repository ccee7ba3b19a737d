import TexAlloc
import TexAllocEGL
import XCTest

final class PendingDrawTests: XCTestCase {
  /// By the state of a fence, not by time: the draw is still under way when the write is over. How
  /// long a draw takes is the machine's to say, so they grow until one outlasts the write, as none
  /// does if the write waits.
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
      let outlasts = try [24, 48, 96, 192].contains { side in
        let canvas = try Canvas(width: side, height: side)
        let extent = Float(side)
        let slow = Canvas.Quad(
          x: 0, y: 0, width: extent, height: extent, texelWidth: extent * 64,
          texelHeight: extent * 64)
        canvas.draw([slow], from: .image(texture.name))
        let fence = try gpu.makeFence()
        let wasPending = !fence.hasPassed
        fill(written)
        let isStillPending = !fence.hasPassed
        XCTAssertTrue(fence.wait(until: .now + .seconds(120)))
        return wasPending && isStillPending
      }
      XCTAssertTrue(outlasts, "\(heap.name): no draw was under way when the write was over")
      withExtendedLifetime(other) {}
    }
  }

  private func fill(_ buffer: TextureBuffer) {
    var writer = buffer.writer()
    writer.fill(0..<writer.rowCount, with: 0x7F)
  }
}

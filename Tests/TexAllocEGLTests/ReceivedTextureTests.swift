import Foundation
import SystemPackage
import TestSupport
import TexAlloc
import TexAllocEGL
import XCTest

final class ReceivedTextureTests: XCTestCase {
  /// The kernel gives the number of a descriptor that was closed to the next.
  func testABufferIsNeverTakenForAnotherWhoseDescriptorItHas() throws {
    let gpu = try TestDevice.importing()
    let folder = try TemporaryFolder()
    let path = FilePath(folder.path("s"))
    let listener = try BufferListener(at: path)
    let consumer = try BufferSocket(connectingTo: path, as: "consumer")
    let producer = try listener.accept(as: "producer")
    let pool = try TexturePool(for: [gpu], from: [MemfdHeap()])
    let image = ImageDescriptor(width: 16, height: 4, formats: [.abgr8888])
    var numbers: [Int32] = []
    for byte in 1...12 as ClosedRange<UInt8> {
      try gpu.collect()  // the image before is gone, and its descriptor closed
      let buffer = try pool.allocate(image, for: [.texture, .exportable])
      do {
        var writer = buffer.writer()
        writer.fill(0..<4, with: byte * 20)
      }
      try producer.offer(buffer)
      guard case .received(let received)? = try consumer.receive(until: .now) else {
        return XCTFail("nothing came")
      }
      numbers.append(try XCTUnwrap(received.buffer.descriptor).rawValue)
      let texture = try gpu.register(received.buffer)
      XCTAssertEqual(texture.route, .imported)
      XCTAssertEqual(try texture.shownPixels()[0], byte * 20)
      try consumer.release(received.handOver)
      XCTAssertNotNil(try producer.receive(until: .now))
    }
    XCTAssertLessThan(Set(numbers).count, numbers.count)
  }
}

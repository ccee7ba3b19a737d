import TestSupport
import XCTest

@testable import TexAlloc

/// Whether the CPU may read is decided where an image is allocated, and not by what its memory is.
final class ReadbackTests: XCTestCase {
  private let image = ImageDescriptor(width: 5, height: 3, formats: [.abgr8888])

  func testReadingIsRefusedOnEveryHeapUnlessItWasAskedFor() throws {
    let heaps: [any Heap] = [
      MemfdHeap(), FakeHeap("cached"), FakeHeap("wc", caching: .writeCombining),
      FakeHeap("uncached", caching: .uncached),
    ]
    for heap in heaps {
      let buffer = try TexturePool(for: [], from: [heap]).allocate(image)
      try expectRefusal(by: buffer)
    }
    let images = try ImageAllocator(for: [], from: [MemfdHeap()])
    try expectRefusal(by: images.allocate(image))
    XCTAssertNoThrow(try images.allocate(image, for: .cpuRead).pixels())
    XCTAssertNoThrow(try images.allocate(image, for: [.texture, .cpuRead]).pixels())
  }

  func testAWriterThatReadsHasAskedForIt() throws {
    var own = image
    own.writer.cpuUsage = [.sequentialWrite, .read]
    XCTAssertNoThrow(try TexturePool(for: [], from: [MemfdHeap()]).allocate(own).pixels())
  }

  /// Its driver copies by reading, which is no word of the application's.
  func testADeviceThatReadsHasNotAskedForIt() throws {
    let device = FakeDevice { $0.cpuUsage = [.read] }
    try expectRefusal(by: TexturePool(for: [device], from: [MemfdHeap()]).allocate(image))
  }

  func testPixelsComeWithoutPadding() throws {
    let pool = try TexturePool(for: [], from: [MemfdHeap()])
    let buffer = try pool.allocate(image, for: [.texture, .cpuRead])
    let pixels = (0..<60).map { UInt8($0) }
    do {
      var writer = buffer.writer()
      writer.write(pixels.span, rows: 0..<3)
    }
    XCTAssertEqual(try buffer.pixels(), pixels)
    let chroma = ImageDescriptor(width: 5, height: 3, formats: [.nv12])
    let frame = try pool.allocate(chroma, for: [.texture, .cpuRead])
    XCTAssertEqual(try frame.pixels(ofPlane: 1).count, 12)
  }

  private func expectRefusal(by buffer: TextureBuffer) throws {
    XCTAssertFalse(buffer.cpuUsage.contains(.read))
    for evenIfSlow in [false, true] {
      XCTAssertThrowsError(try buffer.withReadback(evenIfSlow: evenIfSlow) { $0.count }) {
        XCTAssertEqual(($0 as? ReadbackRefused)?.reason, .notForReading)
        XCTAssertEqual(
          "\($0)",
          "image: it was neither allocated with the flag cpuRead nor adopted for reading")
      }
      XCTAssertThrowsError(try buffer.pixels(evenIfSlow: evenIfSlow))
    }
  }
}

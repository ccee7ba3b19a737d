import TestSupport
import TexAlloc
import XCTest

/// What becomes of an image whose writing failed.
final class DiscardTests: XCTestCase {
  private let image = ImageDescriptor(width: 64, height: 64, formats: [.abgr8888])
  private let words = "photo.jpg: the file ends before its image does"

  func testADiscardedImageIsRefusedWithTheWordsOfItsWriter() throws {
    let pool = try TexturePool(for: [], from: [MemfdHeap()])
    let buffer = try pool.allocate(image, for: [.texture, .exportable, .cpuRead])
    XCTAssertNil(buffer.discardReason)
    buffer.discard(because: words)
    buffer.discard(because: "and once more")
    XCTAssertEqual(buffer.discardReason, words)
    XCTAssertThrowsError(try BufferAttributes(name: "gpu").accept(buffer)) {
      let refusal = $0 as? RegistrationRefused
      XCTAssertEqual(refusal?.cause, .discarded)
      XCTAssertEqual(refusal?.held, words)
    }
    XCTAssertThrowsError(try buffer.withReadback { $0.count }) {
      XCTAssertEqual(($0 as? ReadbackRefused)?.reason, .discarded(words))
      XCTAssertTrue("\($0)".contains(words), "\($0)")
    }
    XCTAssertThrowsError(try { _ = try buffer.export() }()) {
      XCTAssertEqual($0 as? ExportRefused, .discarded(buffer: "image", words))
      XCTAssertTrue("\($0)".contains(words), "\($0)")
    }
  }

  func testTheSlotOfADiscardedImageComesBackAsItIs() throws {
    let pool = try TexturePool(for: [], from: [MemfdHeap()])
    do {
      let buffer = try pool.allocate(image)
      var writer = buffer.writer()
      writer.fill(0..<64, with: 9)
      buffer.discard(because: words)
    }
    XCTAssertEqual(pool.statistics.slots, 0)
    let next = try pool.allocate(image)
    XCTAssertEqual(try next.withContents { $0[0] }, 9, "nobody asked for zeros")
    let fence = ManualFence()
    next.discard(because: words)
    next.hold(until: fence)
    XCTAssertEqual(try pool.allocate(image, for: [.texture, .zeroed]).withContents { $0[0] }, 0)
  }
}

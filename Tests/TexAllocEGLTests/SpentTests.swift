import Synchronization
import TestSupport
import TexAlloc
import XCTest

@testable import TexAllocEGL

/// What becomes of an image's memory when the GPU has a copy.
final class SpentTests: XCTestCase {
  private let image = ImageDescriptor(width: 32, height: 8, formats: [.abgr8888])

  func testACopiedImageGivesItsSlotToTheNextAndGoesOnBeingShown() throws {
    for route in [Route.uploaded, .transferred] {
      let gpu = try device(route)
      let pool = try TexturePool(for: [gpu])
      let first = try gpu.texture(for: pool.painted(image, 40))
      XCTAssertTrue(first.buffer.isSpent)
      try gpu.collect()
      XCTAssertTrue(try gpu.makeFence().wait(until: .now + .seconds(60)))
      pool.collect()
      XCTAssertEqual(pool.statistics.slots, 0, "\(route)")
      let second = try gpu.texture(for: pool.painted(image, 200))
      XCTAssertEqual(second.buffer.offset, first.buffer.offset)
      XCTAssertEqual(try first.shownPixels(), [UInt8](repeating: 40, count: 32 * 8 * 4))
      XCTAssertEqual(try second.shownPixels(), [UInt8](repeating: 200, count: 32 * 8 * 4))
    }
  }

  func testASpentImageIsRefusedByEverybody() throws {
    let gpu = try device(.uploaded)
    let pool = try TexturePool(for: [gpu])
    let texture = try gpu.texture(for: pool.painted(image, 1))
    let buffer = texture.buffer
    let other = try EGLDevice.surfaceless(.software, route: .uploaded)
    XCTAssertThrowsError(try other.texture(for: buffer)) {
      XCTAssertEqual(($0 as? RegistrationRefused)?.cause, .spent)
    }
    try gpu.makeCurrent()
    XCTAssertTrue(try gpu.texture(for: buffer) === texture, "what it has, it has")
    XCTAssertThrowsError(try texture.contentsChanged()) {
      XCTAssertEqual(($0 as? RegistrationRefused)?.cause, .spent)
    }
    XCTAssertThrowsError(try buffer.withContents { $0[0] }) {
      XCTAssertEqual(($0 as? ReadbackRefused)?.reason, .spent)
    }
    try XCTAssertEndsTheProcess(saying: "allocate it with rewritten", in: self) {
      _ = buffer.writer()
    }
  }

  func testWhatIsWrittenOrReadAgainKeepsItsMemory() throws {
    let gpu = try device(.uploaded)
    let pool = try TexturePool(for: [gpu])
    for flags in [AllocationFlags.rewritten, .cpuRead, .exportable] {
      let texture = try gpu.texture(for: pool.painted(image, 3, [.texture, flags]))
      XCTAssertFalse(texture.buffer.isSpent)
      texture.buffer.paint(4)
      try texture.contentsChanged()
      XCTAssertEqual(try texture.shownPixels().first, 4)
    }
  }

  func testTheNextWriterWaitsForTheCopy() throws {
    let buffer = try TexturePool(for: []).allocate(image, for: [.texture, .rewritten])
    let fence = ManualFence()
    buffer.hold(until: fence, writers: true)
    let hasWritten = expectation(description: "it writes")
    hasWritten.isInverted = true
    let isOver = expectation(description: "it has written")
    Thread.detachNewThread {
      _ = buffer.writer()
      hasWritten.fulfill()
      isOver.fulfill()
    }
    wait(for: [hasWritten], timeout: 0.2)
    fence.pass()
    wait(for: [isOver], timeout: 60)
  }

  func testManyCopiesShareAFenceThatCollectingMakes() throws {
    let gpu = try device(.transferred)
    let pool = try TexturePool(for: [gpu])
    let textures = try (0..<72).map { try gpu.texture(for: pool.painted(image, UInt8($0))) }
    XCTAssertTrue(try gpu.makeFence().wait(until: .now + .seconds(60)))
    let elsewhere = expectation(description: "another thread has looked")
    Thread.detachNewThread {
      // It makes no fence: eight copies have none, the last of 72.
      pool.collect()
      XCTAssertEqual(pool.statistics.slots, 8)
      elsewhere.fulfill()
    }
    wait(for: [elsewhere], timeout: 60)
    try gpu.collect()
    XCTAssertTrue(try gpu.makeFence().wait(until: .now + .seconds(60)))
    pool.collect()
    XCTAssertEqual(pool.statistics.slots, 0)
    for (value, texture) in textures.enumerated() {
      XCTAssertEqual(try texture.shownPixels().first, UInt8(value))
    }
  }

  func testTheCopyOfAnImageThatAnotherThreadWritesHasItsFenceAtOnce() throws {
    let gpu = try device(.transferred)
    let pool = try TexturePool(for: [gpu])
    let texture = try gpu.texture(for: pool.painted(image, 1, [.texture, .rewritten]))
    func hasItsFence() -> Bool { gpu.state.withLock { $0.copies.isEmpty } }
    XCTAssertFalse(hasItsFence(), "this thread makes it when it writes again")
    texture.buffer.paint(2)
    XCTAssertTrue(hasItsFence())
    let decoder = try WorkerThread(named: "decoder")
    for value in UInt8(3)..<6 {
      decoder.run { texture.buffer.paint(value) }
      try texture.contentsChanged()
      XCTAssertTrue(hasItsFence())
      XCTAssertEqual(try texture.shownPixels().first, value)
    }
  }

  func testAWriterFindsTheContextWhereItWas() throws {
    let gpu = try device(.transferred)
    let other = try device(.transferred)
    try gpu.makeCurrent()
    let pool = try TexturePool(for: [gpu])
    let texture = try gpu.texture(for: pool.painted(image, 1, [.texture, .rewritten]))
    for context in [other.context, nil] {
      try gpu.makeCurrent()
      try texture.contentsChanged()
      ContextHandle.clearCurrent(on: gpu.connection)
      try context?.makeCurrent()
      texture.buffer.paint(2)
      XCTAssertTrue(gpu.state.withLock { $0.copies.isEmpty }, "it has waited")
      XCTAssertFalse(gpu.isCurrent)
      XCTAssertEqual(context?.isCurrent ?? true, true)
      XCTAssertEqual(ContextHandle.current == nil, context == nil)
    }
    try gpu.makeCurrent()
  }

  func testWhoeverWaitsOnTheContextsThreadNeedsNobodyToCollect() throws {
    let gpu = try device(.transferred)
    let large = ImageDescriptor(width: 1024, height: 512, formats: [.abgr8888])
    let size = try TexturePool(for: [gpu]).allocate(large).layout.size
    let pool = try TexturePool(for: [gpu], limits: PoolLimits(firstSlab: size, budget: size))
    for _ in 0..<3 {
      let buffer = try pool.allocate(large, waiting: .until(.now + .seconds(60)))
      do {
        var writer = buffer.writer()
        writer.fill(0..<large.height, with: 1)
      }
      XCTAssertTrue(try gpu.texture(for: buffer).buffer.isSpent)
    }
  }

  private func device(_ route: Route) throws -> EGLDevice {
    let gpu = try EGLDevice.surfaceless(.software, route: route)
    if route == .transferred {
      do { _ = try gpu.mappedBuffers() } catch { throw XCTSkip("no mapped buffers: \(error)") }
    }
    return gpu
  }
}

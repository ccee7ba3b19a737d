import CNarrowEGL
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
    let other = try EGLDevice.surfaceless(.tested, route: .uploaded)
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

  func testTheWriterOfEachPlaneWaitsForTheCopy() throws {
    let planar = ImageDescriptor(width: 32, height: 8, formats: [.nv12])
    let buffer = try TexturePool(for: []).allocate(planar, for: [.texture, .rewritten])
    let fence = ManualFence()
    buffer.hold(until: fence, writers: true)
    let hasWritten = expectation(description: "one writes")
    hasWritten.isInverted = true
    hasWritten.assertForOverFulfill = false
    let isOver = expectation(description: "both have written")
    isOver.expectedFulfillmentCount = 2
    for plane in 0..<2 {
      Thread.detachNewThread {
        _ = buffer.writer(ofPlane: plane)
        hasWritten.fulfill()
        isOver.fulfill()
      }
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
      // It makes no fence: eight copies have none, the last of 72. It may ask for the others first.
      let end = ContinuousClock.now + .seconds(10)
      while pool.statistics.slots > 8 && .now < end { pool.collect() }
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

  func testCopiesNeedNoFenceOfEGL() throws {
    let gpu = try device(.transferred)
    let pool = try TexturePool(for: [gpu])
    let before = narrow_egl_fences()
    for _ in 0..<72 { _ = try gpu.texture(for: pool.painted(image, 1)) }
    try gpu.collect()
    XCTAssertEqual(narrow_egl_fences(), before, "which take a real driver up to a millisecond")
    glFinish()
    try gpu.collect()
    XCTAssertTrue(gpu.state.withLock { $0.copyEnds.isEmpty })
    // Elsewhere it is known then.
    try WorkerThread(named: "other").run { _ = pool.collect() }
    XCTAssertEqual(pool.statistics.slots, 0)
  }

  func testTheNextWriterNeedsNobodyToCollect() throws {
    let gpu = try device(.transferred)
    let pool = try TexturePool(for: [gpu])
    let other = try WorkerThread(named: "other")
    let texture = try gpu.texture(for: pool.allocate(image, for: [.texture, .rewritten]))
    other.run { write(1, to: texture.buffer) }
    for value in UInt8(2)..<5 {
      try texture.contentsChanged()
      XCTAssertFalse(hasAllFences(gpu), "a fence of EGL takes a real driver 30 us")
      other.run { write(value, to: texture.buffer) }
    }
    try texture.contentsChanged()
    XCTAssertEqual(try texture.shownPixels().first, 4)

    // The context goes to the other thread: this one can make no fence any more.
    try texture.contentsChanged()
    ContextHandle.clearCurrent(on: gpu.connection)
    try other.run { try gpu.makeCurrent() }
    write(5, to: texture.buffer)
    XCTAssertNil(ContextHandle.current)
    try other.run {
      try texture.contentsChanged()
      XCTAssertEqual(try texture.shownPixels().first, 5)
      ContextHandle.clearCurrent(on: gpu.connection)
    }
    try gpu.makeCurrent()
  }

  func testALargeImageThatIsWrittenAgainNeedsNoFenceOfEGL() throws {
    let gpu = try device(.transferred)
    let large = ImageDescriptor(width: 1920, height: 1080, formats: [.abgr8888])
    let buffer = try TexturePool(for: [gpu]).allocate(large, for: [.texture, .rewritten])
    write(1, to: buffer)
    let texture = try gpu.texture(for: buffer)
    for _ in 0..<70 { try texture.contentsChanged(rows: 0..<1) }
    XCTAssertFalse(hasAllFences(gpu))
  }

  func testWhoeverWaitsForACopyFindsTheContextWhereItWas() throws {
    let gpu = try device(.transferred)
    let other = try device(.transferred)
    try gpu.makeCurrent()
    let pool = try TexturePool(for: [gpu])
    let kept = try gpu.texture(for: pool.painted(image, 1, [.texture, .rewritten]))
    let spent = try gpu.texture(for: pool.painted(image, 2))
    let copies = try XCTUnwrap(gpu.state.withLock { $0.copies.values.first })
    for context in [other.context, nil] {
      try gpu.makeCurrent()
      try kept.contentsChanged()
      ContextHandle.clearCurrent(on: gpu.connection)
      try context?.makeCurrent()
      write(2, to: kept.buffer)
      XCTAssertFalse(copies.wait(until: .now), "this thread can make no fence")
      XCTAssertFalse(gpu.isCurrent)
      XCTAssertEqual(context?.isCurrent ?? true, true)
      XCTAssertEqual(ContextHandle.current == nil, context == nil)
    }
    try gpu.makeCurrent()
    XCTAssertTrue(copies.wait(until: .now + .seconds(60)))
    withExtendedLifetime(spent) {}
  }

  func testClosingGivesBackWhatIsSpentAndHoldsUpNoWriter() throws {
    let gpu = try device(.transferred)
    let pool = try TexturePool(for: [gpu])
    do {
      let kept = try gpu.texture(for: pool.painted(image, 1, [.texture, .rewritten]))
      let spent = try gpu.texture(for: pool.painted(image, 2))
      XCTAssertFalse(hasAllFences(gpu))
      try gpu.close()
      XCTAssertTrue(hasAllFences(gpu))
      try WorkerThread(named: "other").run { write(3, to: kept.buffer) }
      pool.collect()
      XCTAssertEqual(pool.statistics.slots, 1)
      withExtendedLifetime(spent) {}
    }
    pool.collect()
    XCTAssertEqual(pool.statistics.slots, 0)
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

  private func hasAllFences(_ gpu: EGLDevice) -> Bool { gpu.state.withLock { $0.copies.isEmpty } }

  private func device(_ route: Route) throws -> EGLDevice {
    let gpu = try EGLDevice.surfaceless(.tested, route: route)
    if route == .transferred {
      do { _ = try gpu.mappedBuffers() } catch { throw XCTSkip("no mapped buffers: \(error)") }
    }
    return gpu
  }
}

/// Who waits for a fence that nobody makes goes on after ten seconds.
private func write(_ value: UInt8, to buffer: TextureBuffer) {
  let time = ContinuousClock().measure { buffer.paint(value) }
  XCTAssertLessThan(time, .seconds(10))
}

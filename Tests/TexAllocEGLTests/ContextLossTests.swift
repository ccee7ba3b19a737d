import CNarrowEGL
import ProgramSupport
import TestSupport
import TexAlloc
import XCTest

@testable import TexAllocEGL

final class ContextLossTests: XCTestCase {
  private let image = ImageDescriptor(width: 16, height: 4, formats: [.abgr8888])

  func testALostContextDropsTheHoldsOfTheGPUOnly() throws {
    let gpu = try TestDevice.importing()
    let pool = try TexturePool(for: [gpu])
    let held = try pool.allocate(image, named: "held")
    do {
      let drawn = try gpu.register(held)
      let canvas = try Canvas(width: 16, height: 4)
      try canvas.draw([Canvas.Quad(whole: held.layout)], from: .image(drawn))
      _ = try gpu.register(pool.allocate(image, named: "gone"))
    }
    XCTAssertEqual(pool.statistics.slots, 2, "what is gone waits to be collected")
    gpu.contextWasLost()
    XCTAssertEqual(pool.statistics.slots, 1)
    XCTAssertEqual(gpu.statistics.liveImages, 0)
    XCTAssertNoThrow(try gpu.collect())
  }

  func testAFenceOfALostContextHasPassed() throws {
    let wasPending = try SlowDraw.times.contains { times in
      let gpu = try TestDevice.importing()
      let slow = try SlowDraw(from: TexturePool(for: [gpu]), on: gpu)
      let canvas = try Canvas(width: SlowDraw.side, height: SlowDraw.side)
      try slow.draw(on: canvas, times: times)
      let fence = try gpu.makeFence()
      let isPending = !fence.hasPassed
      gpu.contextWasLost()
      XCTAssertTrue(fence.hasPassed)
      XCTAssertTrue(fence.wait(until: .now))
      _ = try canvas.readPixels()
      return isPending
    }
    XCTAssertTrue(wasPending, "every draw was over at once: it proves nothing")
  }

  func testTexturesOfALostContextGoOnAnyThread() throws {
    let gpu = try TestDevice.importing()
    let pool = try TexturePool(for: [gpu])
    var textures = try (0..<10).map { _ in try gpu.register(pool.allocate(image)) }
    gpu.contextWasLost()
    XCTAssertEqual(gpu.statistics.liveImages, 10)
    let gone = expectation(description: "they are let go of")
    let last = textures.removeLast()
    textures = []
    DispatchQueue.global().async { [last] in
      withExtendedLifetime(last) {}
      gone.fulfill()
    }
    wait(for: [gone], timeout: 60)
    withExtendedLifetime(last) { XCTAssertEqual(gpu.statistics.liveImages, 1) }
    XCTAssertEqual(pool.statistics.waitingSlots, 0)
  }

  /// Nobody can ask when the GPU is done, so the slot is not used again.
  func testADeviceThatGoesWhereItsContextIsNotCurrentLeavesItsSlotsAlone() throws {
    let owner = try TestDevice.importing()
    let pool = try TexturePool(for: [owner])
    do {
      let gpu = try EGLDevice.current()
      _ = try gpu.register(pool.allocate(image))
      withExtendedLifetime(gpu) { ContextHandle.clearCurrent(on: owner.connection) }
    }
    XCTAssertEqual(pool.statistics.waitingSlots, 1)
    XCTAssertEqual(owner.statistics.liveImages, 0)
  }

  func testTheNextDeviceTakesTheBuffersWithTheirPixels() throws {
    let lost = try TestDevice.importing()
    let pool = try TexturePool(for: [lost])
    let buffer = try pool.allocate(image)
    do {
      var writer = buffer.writer()
      writer.fill(0..<writer.rowCount, with: 0x55)
    }
    let before = try lost.register(buffer)
    lost.contextWasLost()
    XCTAssertThrowsError(try lost.register(pool.allocate(image))) {
      XCTAssertEqual(($0 as? RegistrationRefused)?.cause, .lost)
      XCTAssertEqual(($0 as? RegistrationRefused)?.held, "one that was lost")
    }
    XCTAssertThrowsError(try lost.makeFence()) {
      XCTAssertEqual(($0 as? EGLFailure)?.cause, .lost)
    }

    let next = try TestDevice.importing()
    let texture = try next.register(before.buffer)
    XCTAssertEqual(texture.route, .imported)
    XCTAssertTrue(try texture.shownPixels().allSatisfy { $0 == 0x55 })
  }

  func testWhatLayInTheDevicesOwnMemoryIsLostWithIt() throws {
    let (lost, pool) = try transferring()
    let held = try pool.allocate(image, for: [.texture, .rewritten, .cpuRead])
    let texture = try lost.register(held)
    XCTAssertEqual(texture.route, .transferred)
    let unregistered = try pool.allocate(image)
    XCTAssertFalse(held.isLost)
    lost.contextWasLost()
    for buffer in [held, unregistered] {
      XCTAssertTrue(buffer.isLost)
      let next = try EGLDevice.surfaceless(.tested)
      XCTAssertThrowsError(try next.texture(for: buffer)) {
        XCTAssertEqual(($0 as? RegistrationRefused)?.cause, .memoryLost)
      }
    }
    XCTAssertThrowsError(try held.withReadback { $0[0] }) {
      XCTAssertEqual(($0 as? ReadbackRefused)?.reason, .lost)
    }
    XCTAssertThrowsError(try pool.allocate(image)) {
      guard case .heap(let failure)? = $0 as? AllocationError else { return XCTFail("\($0)") }
      XCTAssertEqual(failure.errno, .operationNotSupportedByDevice)
    }
  }

  func testAWriterInFlightOutlivesItsDevice() throws {
    var buffer: TextureBuffer?
    var slab: Slab?
    do {
      let (lost, pool) = try transferring()
      let written = try pool.allocate(image)
      var writer = written.writer()
      writer.fill(0..<2, with: 1)
      lost.contextWasLost()
      writer.fill(2..<3, with: 2)
      (buffer, slab) = (written, written.slab)
    }
    // Neither the device nor the pool is there any more.
    if let buffer {
      var writer = buffer.writer()
      writer.fill(0..<writer.rowCount, with: 3)
    }
    let offset = try XCTUnwrap(buffer?.offset)
    buffer = nil
    let bytes = try unsafe XCTUnwrap(slab).bytes(in: offset..<offset + 8)
    XCTAssertTrue(unsafe bytes.allSatisfy { $0 == 3 })
  }

  func testThePoolGivesUpWhatItHasOfALostDevice() throws {
    let (lost, pool) = try transferring()
    var held: TextureBuffer? = try pool.allocate(image)
    XCTAssertGreaterThan(pool.statistics.slabBytes, 0)
    weak let slab = held?.slab
    lost.contextWasLost()
    XCTAssertNotNil(held)
    pool.collect()
    XCTAssertGreaterThan(pool.statistics.slabBytes, 0, "somebody holds an image there")
    held = nil
    XCTAssertEqual(pool.statistics.slabBytes, 0)
    for _ in 0..<500 where slab != nil { usleep(10_000) }
    XCTAssertNil(slab, "the pool's thread lets go of it")
  }

  func testALossThatOpenGLTellsOfIsNoticed() throws {
    let gpu = try TestDevice.importing()
    let pool = try TexturePool(for: [gpu])
    let buffer = try pool.allocate(image)
    do { _ = try gpu.register(pool.allocate(image)) }
    var narrowing = narrow_egl()
    narrowing.is_lost = true
    narrow_egl_set(narrowing)
    defer { narrow_egl_set(narrow_egl()) }
    XCTAssertEqual(try gpu.collect(), [])
    XCTAssertTrue(gpu.isLost)
    XCTAssertEqual(pool.statistics.waitingSlots, 0)
    XCTAssertThrowsError(try gpu.register(buffer)) {
      XCTAssertEqual(($0 as? RegistrationRefused)?.cause, .lost)
    }
    narrow_egl_set(narrow_egl())
    XCTAssertEqual(try EGLDevice.surfaceless(.tested).register(buffer).route, .imported)
  }

  private func transferring() throws -> (EGLDevice, TexturePool) {
    let gpu = try EGLDevice.surfaceless(.tested, route: .transferred)
    do { _ = try gpu.mappedBuffers() } catch { throw XCTSkip("no mapped buffers: \(error)") }
    return (gpu, try TexturePool(for: [gpu]))
  }
}

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
      canvas.draw([Canvas.Quad(whole: held.layout)], from: .image(drawn.name))
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
      slow.draw(on: canvas, times: times)
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
}

import Dispatch
import Synchronization
import TestSupport
import TexAlloc
import XCTest

@testable import TexAllocVulkan

/// What becomes of images when their device is lost, or closed.
final class VulkanLossTests: VulkanTestCase {
  private let image = ImageDescriptor(width: 40, height: 6, formats: [.abgr8888])

  func testADeviceThatIsLostTakesItsOwnMemoryAndLeavesTheRest() throws {
    let gpu = try device(by: TroubledDriver.loader())
    let own = try painted(TexturePool(for: [gpu]), 1)
    let foreign = try painted(pool(for: gpu, of: MemfdHeap()), 2)
    let textures = try [own, foreign].map { try gpu.register($0) }
    XCTAssertFalse(own.isLost)
    TroubledDriver.losesDevice.store(true, ordering: .relaxed)
    XCTAssertThrowsError(try gpu.collect()) {
      XCTAssertEqual(($0 as? VulkanFailure)?.cause, .lost)
    }
    XCTAssertTrue(gpu.isLost)
    XCTAssertTrue(own.isLost)
    XCTAssertFalse(foreign.isLost)
    XCTAssertThrowsError(try gpu.register(foreign)) {
      XCTAssertEqual(($0 as? RegistrationRefused)?.cause, .lost)
    }
    TroubledDriver.losesDevice.store(false, ordering: .relaxed)
    let next = try device()
    XCTAssertThrowsError(try next.register(own)) {
      XCTAssertEqual(($0 as? RegistrationRefused)?.cause, .memoryLost)
    }
    XCTAssertTrue(try next.register(foreign).showsTrial(2))
    withExtendedLifetime(textures) {}
  }

  func testSlotsOfADeviceThatIsLostReturnToTheirPool() throws {
    let gpu = try device(by: TroubledDriver.loader())
    let pool = try pool(for: gpu, of: MemfdHeap())
    _ = try gpu.register(try painted(pool))
    XCTAssertEqual(pool.statistics.slots, 1)
    TroubledDriver.losesDevice.store(true, ordering: .relaxed)
    XCTAssertThrowsError(try gpu.makeFence())
    pool.collect()
    XCTAssertEqual(pool.statistics.slots, 0)
  }

  func testATrialThatLosesTheDeviceSaysSo() throws {
    let gpu = try device(by: TroubledDriver.loader())
    let heap = try XCTUnwrap(gpu.memoryHeaps.first)
    let buffer = try painted(TexturePool(for: [], from: [heap]))
    TroubledDriver.losesDevice.store(true, ordering: .relaxed)
    XCTAssertThrowsError(try gpu.register(buffer)) {
      XCTAssertEqual(($0 as? RegistrationRefused)?.cause, .lost)
    }
    XCTAssertTrue(gpu.isLost)
  }

  func testSlotsReturnAfterALossThatSomebodyElseFound() throws {
    let gpu = try device()
    let pool = try pool(for: gpu, of: MemfdHeap())
    _ = try gpu.register(try painted(pool))
    let held = try gpu.register(try painted(pool))
    gpu.connection.loss.happen()
    try gpu.collect()
    pool.collect()
    XCTAssertEqual(pool.statistics.slots, 1)
    withExtendedLifetime(held) {}
  }

  func testADeviceThatIsLostIsClosedToo() throws {
    let gpu = try device(by: TroubledDriver.loader())
    let pool = try pool(for: gpu, of: MemfdHeap())
    do {
      let texture = try gpu.register(try painted(pool))
      TroubledDriver.losesDevice.store(true, ordering: .relaxed)
      XCTAssertThrowsError(try gpu.makeFence())
      XCTAssertThrowsError(try gpu.close()) {
        XCTAssertEqual(($0 as? VulkanFailure)?.cause, .inUse)
      }
      withExtendedLifetime(texture) {}
    }
    try gpu.close()
    XCTAssertTrue(gpu.isClosed)
    XCTAssertEqual(gpu.statistics.liveAllocations, 0)
  }

  func testADeviceThatWasClosedGivesNoMemory() throws {
    let gpu = try device()
    let heap = try XCTUnwrap(gpu.memoryHeaps.first)
    try gpu.close()
    XCTAssertThrowsError(try heap.makeSlab(of: 4096)) {
      XCTAssertEqual(($0 as? SystemFailure)?.errno, .operationNotSupportedByDevice)
    }
    XCTAssertTrue(gpu.memoryHeaps.isEmpty)
    for route in [Route.imported, .transferred] {
      XCTAssertThrowsError(try gpu.offer(on: route, for: [.sample])) {
        XCTAssertEqual(($0 as? RouteRefused)?.reason, "the device was closed")
      }
    }
    XCTAssertNil(gpu.conversion.attributes.offsetAlignment, "a driver that is gone wants nothing")
    XCTAssertThrowsError(try VulkanCanvas(ImageSize(width: 4, height: 4), on: gpu)) {
      XCTAssertEqual(($0 as? VulkanFailure)?.cause, .closed)
    }
  }

  func testFencesMayBeAskedWhileTheDeviceIsClosed() throws {
    for _ in 0..<5 {
      let gpu = try device()
      let fence = try gpu.makeFence()
      let isClosed = Atomic(false)
      DispatchQueue.concurrentPerform(iterations: 3) { index in
        if index == 0 {
          do { try gpu.close() } catch { XCTFail("\(error)") }
          isClosed.store(true, ordering: .releasing)
        }
        repeat {
          XCTAssertTrue(fence.wait(until: .now + .seconds(60)))
        } while !isClosed.load(ordering: .acquiring)
      }
      XCTAssertTrue(fence.hasPassed)
      XCTAssertThrowsError(try gpu.work.fence()) {
        XCTAssertEqual(($0 as? VulkanFailure)?.cause, .closed)
      }
    }
  }

  func testBarriersThatWereNotSubmittedAreSubmittedTheNextTime() throws {
    let gpu = try device(by: TroubledDriver.loader())
    let buffers = try pool(for: gpu, of: XCTUnwrap(gpu.memoryHeaps.first))
    let known = try gpu.register(try painted(buffers, 1))
    let texture = try gpu.register(try painted(buffers, 2))
    TroubledDriver.isShortOfMemory.store(true, ordering: .relaxed)
    XCTAssertThrowsError(try gpu.collect()) {
      XCTAssertEqual(($0 as? VulkanFailure)?.cause, .outOfMemory)
    }
    XCTAssertThrowsError(try texture.texels())
    TroubledDriver.isShortOfMemory.store(false, ordering: .relaxed)
    XCTAssertTrue(texture.content.wantsBarriers)
    try gpu.collect()
    XCTAssertFalse(texture.content.wantsBarriers)
    XCTAssertTrue(try texture.showsTrial(2))
    withExtendedLifetime(known) {}
  }

  func testAShortageIsNoVerdictOfAKindAndLosesNoImage() throws {
    let gpu = try device(route: .transferred, by: TroubledDriver.loader())
    let pool = try TexturePool(for: [gpu])
    let buffer = try painted(pool, 3)
    TroubledDriver.isShortOfMemory.store(true, ordering: .relaxed)
    XCTAssertThrowsError(try gpu.register(buffer)) {
      XCTAssertEqual(($0 as? RegistrationRefused)?.cause, .trial)
    }
    TroubledDriver.isShortOfMemory.store(false, ordering: .relaxed)
    XCTAssertEqual(gpu.state.withLock { $0.retired.count }, 1, "the queue may use it still")
    XCTAssertTrue(try gpu.register(buffer).showsTrial(3))
  }

  func testWhatIsWrittenToMemoryThatIsNotCoherentIsFlushed() throws {
    let loader = try TroubledDriver.loader()
    TroubledDriver.isCoherent.store(false, ordering: .relaxed)
    let gpu = try device(by: loader)
    let heap = try XCTUnwrap(gpu.memoryHeaps.first)
    XCTAssertFalse(heap.type.isCoherent)
    let atom = gpu.description.nonCoherentAtomSize
    XCTAssertTrue(try XCTUnwrap(heap.attributes.offsetAlignment).isMultiple(of: atom))
    XCTAssertTrue(try XCTUnwrap(heap.attributes.sizeAlignment).isMultiple(of: atom))
    let pool = try TexturePool(for: [], from: [heap])
    _ = try pool.allocate(image)
    let buffer = try pool.allocate(image)
    TroubledDriver.flushed.withLock { $0 = [] }
    buffer.paintTrial(0)
    let place = buffer.offset..<buffer.offset + buffer.layout.planes[0].pitch * 6
    let flushed = TroubledDriver.flushed.withLock { $0 }
    XCTAssertEqual(flushed.count, 1, "once a writer")
    XCTAssertEqual(flushed.first?.clamped(to: place), place)
  }

  func testADeviceIsClosedOnceNobodyHoldsItsMemory() throws {
    let gpu = try device()
    do {
      let pool = try TexturePool(for: [gpu])
      let texture = try gpu.register(try painted(pool))
      XCTAssertThrowsError(try gpu.close()) {
        XCTAssertEqual(($0 as? VulkanFailure)?.cause, .inUse)
      }
      XCTAssertTrue(try texture.showsTrial(0), "it stays open")
    }
    let lasting = try pool(for: gpu, of: MemfdHeap())
    _ = try gpu.register(try painted(lasting))
    try gpu.close()
    XCTAssertTrue(gpu.isClosed)
    XCTAssertEqual(gpu.statistics.liveAllocations, 0)
    XCTAssertThrowsError(try gpu.register(try painted(lasting))) {
      XCTAssertEqual(($0 as? RegistrationRefused)?.cause, .closed)
    }
    XCTAssertThrowsError(try gpu.makeFence()) {
      XCTAssertEqual(($0 as? VulkanFailure)?.cause, .closed)
    }
    try gpu.close()
  }

  private func painted(_ pool: TexturePool, _ turn: Int = 0) throws -> TextureBuffer {
    let buffer = try pool.allocate(image)
    buffer.paintTrial(turn)
    return buffer
  }
}

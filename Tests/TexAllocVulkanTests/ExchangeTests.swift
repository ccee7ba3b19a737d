import CVulkan
import Dispatch
import Glibc
import Synchronization
import SystemPackage
import TestSupport
import TexAlloc
import XCTest

@testable import TexAllocVulkan

/// What a device of Vulkan gives to others and takes from them, besides memory: fences, and the ownership of
/// images.
final class ExchangeTests: VulkanTestCase {
  private let image = ImageDescriptor(width: 40, height: 6, formats: [.abgr8888])

  func testADriverWithoutSyncFilesSaysSo() throws {
    let gpu = try device(without: ["VK_KHR_external_semaphore_fd"])
    XCTAssertThrowsError(try gpu.exportFence()) {
      let failure = $0 as? VulkanFailure
      XCTAssertEqual(failure?.operation, "VK_KHR_external_semaphore_fd")
      XCTAssertEqual(failure?.isUnsupported, true)
    }
    XCTAssertThrowsError(try gpu.waitOnGPU(for: self.file())) {
      XCTAssertEqual(($0 as? VulkanFailure)?.isUnsupported, true)
    }
  }

  func testASyncFileIsMadeBehindEverythingThatTheQueueWasGiven() throws {
    let gpu = try feigningDevice()
    XCTAssertNil(try gpu.exportFence(), "-1 says that it is over")
    XCTAssertEqual(
      TroubledDriver.calls.withLock { $0 },
      ["a semaphore to export", "signals", "vkGetSemaphoreFdKHR"])
  }

  func testTheQueueWaitsForASyncFileWithAllThatItIsGivenLater() throws {
    let gpu = try feigningDevice()
    let ends = try FileDescriptor.pipe()
    let watched = OwnedDescriptor(owning: ends.readEnd)
    try gpu.waitOnGPU(for: OwnedDescriptor(owning: ends.writeEnd))
    var ready = pollfd(fd: watched.descriptor.rawValue, events: 0, revents: 0)
    XCTAssertEqual(unsafe poll(&ready, 1, 0), 1)
    XCTAssertEqual(ready.revents, Int16(POLLHUP), "it was the driver's, which has closed it")
    XCTAssertEqual(
      TroubledDriver.calls.withLock { $0 },
      ["a semaphore", "vkImportSemaphoreFdKHR", "waits with all commands"])
  }

  func testSemaphoresLiveUntilTheQueueIsDoneWithThem() throws {
    let gpu = try feigningDevice()
    _ = try gpu.exportFence()
    try gpu.waitOnGPU(for: file())
    XCTAssertEqual(TroubledDriver.count(of: "vkDestroySemaphore"), 0)
    XCTAssertTrue(try gpu.makeFence().wait(until: .now + .seconds(60)))
    try gpu.collect()
    XCTAssertEqual(TroubledDriver.count(of: "vkDestroySemaphore"), 2)
    try gpu.close()
    XCTAssertThrowsError(try gpu.exportFence()) {
      XCTAssertEqual(($0 as? VulkanFailure)?.cause, .closed)
    }
  }

  func testADeviceStaysOpenWhileItLetsGoOfHandles() throws {
    let ends: [(VulkanDevice) throws -> Void] = [{ try $0.collect() }, { $0.deviceWasLost() }]
    for end in ends {
      let gpu = try feigningDevice()
      _ = try gpu.exportFence()
      XCTAssertTrue(try gpu.makeFence().wait(until: .now + .seconds(60)))
      TroubledDriver.whileDestroyingSemaphores.withLock { work in
        work = {
          do throws(VulkanFailure) { try gpu.close() } catch {
            TroubledDriver.calls.withLock { $0.append("refused: \(error.cause)") }
          }
        }
      }
      try end(gpu)
      XCTAssertEqual(TroubledDriver.count(of: "refused: inUse"), 1)
      XCTAssertFalse(gpu.isClosed)
      try gpu.close()
    }
  }

  func testAllThatTheQueueWasGivenIsWaitedForBeforeItsSemaphoreGoes() throws {
    let gpu = try feigningDevice()
    TroubledDriver.isSlow.store(true, ordering: .relaxed)
    // Another thread's, which comes when the end of the queue has been waited for.
    TroubledDriver.afterWaiting.withLock { $0 = { _ = try? gpu.work.fence() } }
    try gpu.close()
    XCTAssertEqual(
      TroubledDriver.calls.withLock { $0 },
      ["vkWaitSemaphores", "vkWaitSemaphores", "vkDestroySemaphore"])
  }

  func testOneOfManyThreadsGivesAnImageBack() throws {
    let gpu = try device()
    let heap = try sharedHeap(of: gpu)
    let texture = try gpu.register(painted(pool(for: gpu, of: heap)))
    for _ in 0..<500 {
      XCTAssertEqual(unsafe texture.takeBarriers().count, 1)
      let given = Atomic(0)
      DispatchQueue.concurrentPerform(iterations: 4) { _ in
        given.wrappingAdd(unsafe texture.takeReleaseBarriers().count, ordering: .relaxed)
      }
      XCTAssertEqual(given.load(ordering: .relaxed), 1)
    }
  }

  func testAnImageInSharedMemoryIsTakenAndGivenBack() throws {
    let gpu = try device()
    let heap = try sharedHeap(of: gpu)
    let pool = try pool(for: gpu, of: heap)
    let family = gpu.connection.queueFamily
    let neighbour = try painted(pool)
    var held: VulkanTexture? = try gpu.register(painted(pool))
    let texture = try XCTUnwrap(held)
    XCTAssertEqual(unsafe texture.takeReleaseBarriers().count, 0, "nobody has taken it")
    let taken = unsafe texture.takeBarriers()
    XCTAssertEqual(unsafe taken.count, 1)
    XCTAssertEqual(unsafe taken[0].srcQueueFamilyIndex, QueueFamily.external)
    XCTAssertEqual(unsafe taken[0].dstQueueFamilyIndex, family)
    let given = unsafe texture.takeReleaseBarriers()
    XCTAssertEqual(unsafe given.count, 1)
    XCTAssertEqual(unsafe given[0].srcQueueFamilyIndex, family)
    XCTAssertEqual(unsafe given[0].dstQueueFamilyIndex, QueueFamily.external)
    XCTAssertEqual(unsafe given[0].newLayout, texture.layout)
    XCTAssertEqual(unsafe texture.takeReleaseBarriers().count, 0, "once")
    let again = unsafe texture.takeBarriers()
    XCTAssertEqual(unsafe again.count, 1)
    XCTAssertEqual(unsafe again[0].oldLayout, texture.layout, "with what is in it")
    _ = consume texture
    held = nil
    withExtendedLifetime(neighbour) {}
  }

  func testCollectingGivesImagesBackThatNobodyHolds() throws {
    let gpu = try device()
    let heap = try sharedHeap(of: gpu)
    let pool = try pool(for: gpu, of: heap)
    let neighbour = try painted(pool)
    for turn in 0..<3 {
      let texture = try gpu.register(painted(pool, turn))
      XCTAssertTrue(try texture.showsTrial(turn))
      XCTAssertFalse(texture.content.wantsBarriers)
      let content = texture.content
      _ = consume texture
      try gpu.collect()
      XCTAssertTrue(content.wantsBarriers, "it was given back")
      XCTAssertTrue(try gpu.makeFence().wait(until: .now + .seconds(60)))
    }
    XCTAssertEqual(gpu.statistics.reusedImages, 2)
    withExtendedLifetime(neighbour) {}
  }

  func testMemoryOfTheDeviceAloneChangesNoOwner() throws {
    let gpu = try device()
    var heaps: [any Heap] = gpu.memoryHeaps
    if gpu.importsHostMemory { heaps.append(MemfdHeap()) }
    for heap in heaps {
      let texture = try gpu.register(painted(pool(for: gpu, of: heap)))
      let barrier = unsafe texture.takeBarriers()
      XCTAssertEqual(unsafe barrier.count, 1)
      XCTAssertEqual(unsafe barrier[0].srcQueueFamilyIndex, QueueFamily.ignored)
      XCTAssertEqual(unsafe texture.takeReleaseBarriers().count, 0)
    }
  }

  private func painted(_ pool: TexturePool, _ turn: Int = 0) throws -> TextureBuffer {
    let buffer = try pool.allocate(image)
    buffer.paintTrial(turn)
    return buffer
  }

  private func feigningDevice() throws -> VulkanDevice {
    let loader = try TroubledDriver.loader()
    TroubledDriver.feignsSyncFiles.store(true, ordering: .relaxed)
    let gpu = try device(by: loader)
    TroubledDriver.calls.withLock { $0 = [] }
    return gpu
  }

  /// A descriptor, of which a driver that feigns does not ask what it is.
  private func file() throws -> OwnedDescriptor {
    OwnedDescriptor(owning: try FileDescriptor.open(FilePath("/dev/null"), .readOnly))
  }
}

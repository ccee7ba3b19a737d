import CEGL
import CNarrowEGL
import CVulkan
import Dispatch
import Synchronization
import SystemPackage
import TestSupport
import TexAlloc
import XCTest

@testable import TexAllocEGL
@testable import TexAllocVulkan

/// OpenGL waits for what Vulkan writes.
final class SharedFenceTests: VulkanTestCase {
  private let image = ImageDescriptor(width: 40, height: 6, formats: [.abgr8888])

  override func tearDown() {
    narrow_egl_set(narrow_egl())
    super.tearDown()
  }

  func testWhatVulkanHasWrittenIsSeenWhoeverWaits() throws {
    let (gl, vulkan) = try devices()
    let buffer = try TexturePool(for: [gl]).allocate(image, for: [.texture, .rewritten])
    buffer.paint(10)
    let texture = try gl.register(buffer)
    let fill = try fill(buffer, with: 20, by: vulkan)
    let wait = try gl.waitOnGPU(for: vulkan.shareFence(), before: [buffer])
    try texture.contentsChanged()
    XCTAssertEqual(try texture.shownPixels(), [UInt8](repeating: 20, count: 40 * 6 * 4))
    withExtendedLifetime(fill) {}
    let name = "GL_EXT_semaphore_fd"
    guard !glExtensions().contains(name), case .processor(let reason) = wait else { return }
    XCTAssertTrue(reason.isUnsupported)
    XCTAssertTrue(name.hasPrefix(reason.operation), "\(reason)")
  }

  func testTheGPUWaitsForTheSemaphoreBeforeTexturesOfTheBuffers() throws {
    narrow_egl_set(feigning)
    let (gl, vulkan) = try devices(by: feigningLoader())
    let buffers = try TexturePool(for: [gl])
    let (written, other) = (try buffers.allocate(image), try buffers.allocate(image))
    for buffer in [written, other] { buffer.paint(1) }
    let texture = try gl.register(written)
    TroubledDriver.calls.withLock { $0 = [] }
    let before = narrow_egl_feigned_semaphores()
    let fence = try vulkan.shareFence()
    XCTAssertEqual(
      TroubledDriver.calls.withLock { $0 },
      ["a semaphore to export", "signals", "vkGetSemaphoreFdKHR"])
    XCTAssertEqual(try gl.waitOnGPU(for: fence, before: [written, other]), .semaphore)
    let after = narrow_egl_feigned_semaphores()
    XCTAssertEqual(after.imports, before.imports + 1)
    XCTAssertEqual(after.waits, before.waits + 1)
    XCTAssertEqual(after.deletions, before.deletions + 1)
    guard gl.description.isSoftware || gl.openedOffer() != nil else {
      return XCTAssertEqual(after.textures, 0, "it has copies of the buffers")
    }
    XCTAssertEqual(after.textures, 1, "nobody has registered the other")
    XCTAssertEqual(after.first_texture, texture.name)
    XCTAssertEqual(after.first_layout, UInt32(GL_LAYOUT_GENERAL_EXT))
  }

  func testASemaphoreIsWaitedForOnceAndTheEndOftener() throws {
    narrow_egl_set(feigning)
    let (gl, vulkan) = try devices(by: feigningLoader())
    let fence = try vulkan.shareFence()
    XCTAssertEqual(try gl.waitOnGPU(for: fence, before: []), .semaphore)
    let before = narrow_egl_feigned_semaphores().waits
    guard case .processor(let reason) = try gl.waitOnGPU(for: fence, before: []) else {
      return XCTFail("a semaphore of two states would never be reached again")
    }
    XCTAssertTrue(reason.isUnsupported)
    XCTAssertTrue(fence.hasPassed)
    XCTAssertEqual(narrow_egl_feigned_semaphores().waits, before)
  }

  func testASyncFileIsMadeAtOnceWhereThereIsNoSemaphore() throws {
    let loader = try feigningLoader()
    TroubledDriver.givesSemaphores.store(false, ordering: .relaxed)
    let vulkan = try device(by: loader)
    TroubledDriver.calls.withLock { $0 = [] }
    let fence = try vulkan.shareFence()
    let calls = TroubledDriver.calls.withLock { $0 }
    XCTAssertEqual(calls, ["a semaphore to export", "signals", "vkGetSemaphoreFdKHR"])
    XCTAssertNil(try fence.syncFile(), "all is done")
    XCTAssertEqual(TroubledDriver.calls.withLock { $0 }, calls, "who waits submits nothing")
  }

  func testASemaphoreOfAnotherGPUIsLeftToItsOwn() throws {
    narrow_egl_set(feigning)
    let (gl, vulkan) = try devices(by: feigningLoader())
    let foreign = SharedFence(
      try vulkan.makeFence(), of: "0123", driver: "4567", semaphore: try descriptor()
    ) { nil }
    guard case .processor(let reason) = try gl.waitOnGPU(for: foreign, before: []) else {
      return XCTFail("no driver understands another one's semaphores")
    }
    XCTAssertTrue("\(reason)".contains("it is of GPU 0123 and driver 4567"), "\(reason)")
    if foreign.takeSemaphore() == nil { XCTFail("it was taken") }
  }

  func testTheCPUWaitsWhereNoGPUCan() throws {
    let gl = try EGLDevice.surfaceless(.tested)
    let end = ManualFence()
    let fence = SharedFence(end, of: "0123", driver: "4567", semaphore: nil) { nil }
    DispatchQueue.global().asyncAfter(deadline: .now() + .milliseconds(20)) { end.pass() }
    _ = try gl.waitOnGPU(for: fence, before: [])
    XCTAssertTrue(end.hasPassed)
  }

  func testADeviceThatIsClosedSharesNoFence() throws {
    let vulkan = try device()
    try vulkan.close()
    XCTAssertThrowsError(try vulkan.shareFence()) {
      XCTAssertEqual(($0 as? VulkanFailure)?.cause, .closed)
    }
  }

  /// Has Vulkan's queue write every byte of a buffer, and give it to other APIs.
  private func fill(
    _ buffer: TextureBuffer, with byte: UInt8, by vulkan: VulkanDevice
  ) throws -> FillWork {
    let memory = try XCTUnwrap(buffer.slab?.companion(DeviceMemory.ofSlab))
    let work = try FillWork(over: memory)
    try work.fill(buffer.offset..<buffer.offset + buffer.layout.size, with: byte, by: vulkan.work)
    return work
  }

  private var feigning: narrow_egl {
    var narrow = narrow_egl()
    narrow.feigns_semaphores = true
    return narrow
  }

  private func feigningLoader() throws -> VulkanLoader {
    let loader = try TroubledDriver.loader()
    TroubledDriver.feignsSyncFiles.store(true, ordering: .relaxed)
    TroubledDriver.givesSemaphores.store(true, ordering: .relaxed)
    return loader
  }

  private func descriptor() throws -> OwnedDescriptor {
    OwnedDescriptor(owning: try FileDescriptor.open(FilePath("/dev/null"), .readOnly))
  }
}

/// A buffer of Vulkan's over memory that it shares, which its queue fills.
@safe private final class FillWork {
  private let memory: DeviceMemory
  private let buffer: VkBuffer
  private var end: VulkanFence?

  init(over memory: DeviceMemory) throws {
    let connection = memory.connection
    self.memory = memory
    unsafe buffer = try connection.makeBuffer(
      of: memory.size, for: VK_BUFFER_USAGE_TRANSFER_DST_BIT, handleType: memory.handleType)
    try connection.check(
      "vkBindBufferMemory",
      unsafe connection.functions.bindBufferMemory(connection.device, buffer, memory.memory, 0))
  }

  deinit {
    _ = end?.wait(until: .now + .seconds(60))
    let connection = memory.connection
    unsafe connection.functions.destroyBuffer(connection.device, buffer, nil)
  }

  func fill(_ range: Range<Int>, with byte: UInt8, by work: DeviceWork) throws {
    let connection = memory.connection
    let function = unsafe connection.physical.instance.functions.getDeviceProcAddr(
      connection.device, "vkCmdFillBuffer")
    let fill = unsafe unsafeBitCast(try XCTUnwrap(function), to: PFN_vkCmdFillBuffer.self)
    let (start, size) = (VkDeviceSize(range.lowerBound), VkDeviceSize(range.count / 4 * 4))
    end = try unsafe work.submit { list in
      unsafe fill(list, buffer, start, size, UInt32(byte) * 0x0101_0101)
      var release = unsafe VkBufferMemoryBarrier()
      unsafe release.sType = VK_STRUCTURE_TYPE_BUFFER_MEMORY_BARRIER
      unsafe release.srcAccessMask = VK_ACCESS_TRANSFER_WRITE_BIT.rawValue
      unsafe release.srcQueueFamilyIndex = connection.queueFamily
      unsafe release.dstQueueFamilyIndex = QueueFamily.external
      unsafe release.buffer = buffer
      unsafe (release.offset, release.size) = (start, size)
      unsafe connection.functions.pipelineBarrier(
        list, VK_PIPELINE_STAGE_TRANSFER_BIT.rawValue,
        VK_PIPELINE_STAGE_BOTTOM_OF_PIPE_BIT.rawValue, 0, 0, nil, 1, &release, 0, nil)
    }
  }
}

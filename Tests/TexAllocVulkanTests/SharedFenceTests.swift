import CEGL
import CNarrowEGL
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
    buffer.paint(20)
    let wait = try gl.waitOnGPU(for: vulkan.shareFence(), before: [buffer])
    XCTAssertEqual(try texture.shownPixels(), [UInt8](repeating: 20, count: 40 * 6 * 4))
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
    let gl = try EGLDevice.surfaceless(.software)
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

import CVulkan
import TestSupport
import TexAlloc
import XCTest

@testable import TexAllocVulkan

/// dma-bufs on Vulkan's software device: sampled where they lie, or refused with a reason.
final class VulkanImportTests: XCTestCase {
  private let image = ImageDescriptor(width: 65, height: 12, formats: [.abgr8888])

  func testDMABufsAreSampledByVulkanOrRefused() throws {
    // Those whose memory every device sees; a guest is slow.
    let heaps: [any Heap]
    do { heaps = [try UDMABufHeap(), try DMAHeap("system")] } catch {
      throw XCTSkip("\(error)")
    }
    let gpu = try device()
    for heap in heaps {
      try check(heap, on: gpu)
      try gpu.collect()
      XCTAssertTrue(try gpu.makeFence().wait(until: .now + .seconds(60)))
    }
  }

  private func check(_ heap: any Heap, on gpu: VulkanDevice) throws {
    let pool = try TexturePool(for: [], from: [heap])
    let neighbour = try pool.allocate(image, for: [.texture, .rewritten])
    let buffer = try pool.allocate(image, for: [.texture, .rewritten])
    let wanted = store(in: buffer)
    let outcome = Result { () throws(RegistrationRefused) in try gpu.register(buffer) }
    switch outcome {
    case .success(let texture):
      CapabilityTable.print(heap.name, "sampled by Vulkan", true)
      XCTAssertEqual(texture.check, .trial, heap.name)
      XCTAssertEqual(try texture.texels(), wanted, heap.name)
      try checkOwner(of: texture, on: gpu, heap.name)
    case .failure(let refusal):
      CapabilityTable.print(heap.name, "sampled by Vulkan", false)
      print("\(heap.name): \(refusal)")
      try checkNextRoute(of: buffer, on: gpu, wanted, heap.name)
    }
    withExtendedLifetime(neighbour) {}
  }

  /// A dma-buf goes back to the drivers whose it is.
  private func checkOwner(of texture: VulkanTexture, on gpu: VulkanDevice, _ name: String) throws {
    let memory = try XCTUnwrap(texture.buffer.slab?.companion(gpu.slabs)).memory
    let isDMABuf = memory.handleType == VK_EXTERNAL_MEMORY_HANDLE_TYPE_DMA_BUF_BIT_EXT.rawValue
    print("\(name): imported as \(isDMABuf ? "a dma-buf" : "memory of the process")")
    guard isDMABuf else { return }
    XCTAssertEqual(unsafe texture.takeReleaseBarriers().count, 1, name)
    let barriers = unsafe texture.takeBarriers()
    XCTAssertEqual(unsafe barriers.count, 1, name)
    XCTAssertEqual(unsafe barriers.first?.srcQueueFamilyIndex, QueueFamily.foreign, name)
  }

  /// The GPU copies from the same memory, if it imports that much, or says why it does not.
  private func checkNextRoute(
    of buffer: TextureBuffer, on gpu: VulkanDevice, _ wanted: [UInt8], _ name: String
  ) throws {
    let outcome = Result { () throws(RegistrationRefused) in try gpu.texture(for: buffer) }
    switch outcome {
    case .success(let copied):
      XCTAssertEqual(copied.route, .transferred, name)
      XCTAssertEqual(try copied.texels(), wanted, name)
    case .failure(let refusal):
      XCTAssertTrue([.importFailed, .copyFailed, .heap].contains(refusal.cause), "\(refusal)")
    }
  }

  private func device() throws -> VulkanDevice {
    do { return try VulkanDevice.headless(.software) } catch {
      throw error.isUnsupported ? XCTSkip("no software device of Vulkan here: \(error)") : error
    }
  }

  /// Red, green, blue and alpha are what a shader sees of them.
  private func store(in buffer: TextureBuffer) -> [UInt8] {
    var all: [UInt8] = []
    for row in 0..<buffer.layout.height {
      let bytes = buffer.layout.trialPattern(ofRow: row, plane: 0, turn: 1)
      buffer.storeRows(bytes.span, row..<row + 1)
      all += bytes
    }
    return all
  }
}

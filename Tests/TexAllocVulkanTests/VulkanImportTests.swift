import TestSupport
import TexAlloc
import XCTest

@testable import TexAllocVulkan

/// Memory of others, sampled where it lies.
final class VulkanImportTests: VulkanTestCase {
  private let image = ImageDescriptor(width: 65, height: 12, formats: [.abgr8888])

  func testASlabOfAMemfdIsImportedByItsAddress() throws {
    let gpu = try importingDevice()
    let pool = try pool(for: gpu, of: MemfdHeap())
    let first = try pool.allocate(image)
    first.paintTrial(0)
    let buffer = try pool.allocate(image)
    buffer.paintTrial(1)
    let before = gpu.statistics.liveAllocations
    let textures = try [first, buffer].map { try gpu.register($0) }
    XCTAssertEqual(textures.map(\.check), [.trial, .trial])
    XCTAssertLessThanOrEqual(
      gpu.statistics.liveAllocations, before + 2, "one import a slab, and what shows the trial")
    for (turn, texture) in textures.enumerated() {
      XCTAssertTrue(try texture.showsTrial(turn))
      texture.buffer.paintTrial(5 + turn)
      XCTAssertTrue(try texture.showsTrial(5 + turn), "written again")
    }
  }

  func testASlabThatIsImportedKeepsItsPages() throws {
    let gpu = try importingDevice()
    let pool = try pool(for: gpu, of: MemfdHeap())
    let small = try pool.allocate(image)
    small.paintTrial(1)
    let texture = try gpu.register(small)
    let large = ImageDescriptor(width: 512, height: 512, formats: [.abgr8888])
    try pool.allocate(large).paint(1)
    XCTAssertEqual(pool.trim(), 0, "the device may use every page of the slab")
    let again = try pool.allocate(large)
    again.paintTrial(2)
    XCTAssertTrue(try gpu.register(again).showsTrial(2))
    XCTAssertTrue(try texture.showsTrial(1))
  }

  func testAnImportGoesBeforeTheMemoryOfItsSlab() throws {
    let gpu = try importingDevice()
    let before = gpu.statistics.liveAllocations
    for _ in 0..<50 {
      let pool = try pool(for: gpu, of: MemfdHeap())
      let buffer = try pool.allocate(image)
      buffer.paintTrial(0)
      _ = try gpu.register(buffer)
      try gpu.collect()
    }
    // What shows trials stays; a pool's thread may hold the last slab for a moment.
    let deadline = ContinuousClock.now + .seconds(60)
    while gpu.statistics.liveAllocations > before + 1, ContinuousClock.now < deadline {
      _ = try gpu.makeFence().wait(until: deadline)
      try gpu.collect()
    }
    XCTAssertLessThanOrEqual(gpu.statistics.liveAllocations, before + 1)
  }

  func testMemoryOfTheApplicationIsImported() throws {
    let gpu = try importingDevice()
    let lender = try TexturePool(for: [], from: [MemfdHeap()])
    let lent = try lender.allocate(image, for: [.texture, .exportable])
    lent.paintTrial(3)
    let exported = try lent.export()
    let adopted = try TextureBuffer(adopting: exported.descriptor, lent.layout)
    let texture = try gpu.register(adopted)
    XCTAssertTrue(try texture.showsTrial(3))
    lent.paintTrial(4)
    XCTAssertTrue(try texture.showsTrial(4))
  }

  func testMemoryOfAHeapThatIsAnotherDriversIsTriedOnceForAllOfIt() throws {
    let gpu = try importingDevice()
    let pool = try pool(for: gpu, of: LentHeap())
    for turn in 0..<2 {
      let buffer = try pool.allocate(image)
      XCTAssertEqual(buffer.route, .imported)
      buffer.paintTrial(turn)
      let texture = try gpu.register(buffer)
      XCTAssertEqual(texture.check, .trial)
      XCTAssertTrue(try texture.showsTrial(turn))
    }
  }

  private func importingDevice() throws -> VulkanDevice {
    let gpu = try device()
    guard gpu.importer.takesHostMemory else {
      throw XCTSkip("no VK_EXT_external_memory_host here")
    }
    return gpu
  }
}

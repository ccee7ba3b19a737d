import TestSupport
import TexAlloc
import XCTest

@testable import TexAllocVulkan

/// Images of the GPU's own, into which it copies.
final class VulkanTransferTests: VulkanTestCase {
  func testTheGPUShowsWhatItHasCopied() throws {
    let gpu = try device(route: .transferred)
    let pool = try TexturePool(for: [gpu])
    for fourcc in [Fourcc.abgr8888, .xbgr8888, .argb8888, .r8, .gr88, .rgb565, .nv12] {
      let buffer = try pool.allocate(ImageDescriptor(width: 65, height: 12, formats: [fourcc]))
      buffer.paintTrial(1)
      let texture = try gpu.register(buffer)
      XCTAssertEqual(texture.route, .transferred)
      XCTAssertEqual(texture.reason, "transferred was demanded")
      XCTAssertEqual(texture.check, .trial)
      XCTAssertTrue(buffer.isSpent)
      XCTAssertTrue(try texture.showsTrial(1), "\(fourcc)")
    }
  }

  func testASpentSlotIsTheNextImagesAndTheTextureGoesOnShowing() throws {
    let gpu = try device(route: .transferred)
    let pool = try TexturePool(for: [gpu])
    let image = ImageDescriptor(width: 64, height: 8, formats: [.abgr8888])
    func texture(_ turn: Int) throws -> VulkanTexture {
      let buffer = try pool.allocate(image)
      buffer.paintTrial(turn)
      let texture = try gpu.register(buffer)
      XCTAssertTrue(try gpu.makeFence().wait(until: .now + .seconds(60)))
      return texture
    }
    let first = try texture(0)
    let second = try texture(1)
    XCTAssertEqual(second.buffer.offset, first.buffer.offset)
    XCTAssertTrue(try first.showsTrial(0))
    XCTAssertTrue(try second.showsTrial(1))
  }

  func testRowsThatAreWrittenAgainAreCopiedAgain() throws {
    let gpu = try device(route: .transferred)
    let pool = try TexturePool(for: [gpu])
    let buffer = try pool.allocate(
      ImageDescriptor(width: 16, height: 8, formats: [.r8]), for: [.texture, .rewritten])
    buffer.paint(10)
    let texture = try gpu.register(buffer)
    buffer.paint(20)
    try texture.contentsChanged(rows: 2..<5)
    let shown = try texture.texels()
    XCTAssertEqual(
      (0..<8).map { shown[$0 * 16 * 4] }, [10, 10, 20, 20, 20, 10, 10, 10])
  }

  func testAMipmappedImageIsOfTheGPUsOwn() throws {
    let gpu = try device()
    let pool = try TexturePool(for: [gpu])
    for (width, height, levels) in [(64, 16, 7), (1, 1, 1)] {
      let buffer = try pool.allocate(
        ImageDescriptor(width: width, height: height, formats: [.abgr8888]),
        for: [.texture, .mipmapped])
      XCTAssertEqual(buffer.route, .transferred)
      buffer.paint(90)
      let texture = try gpu.texture(for: buffer)
      XCTAssertTrue(texture.isMipmapped)
      guard case .transferred(let images) = texture.content else { return XCTFail() }
      XCTAssertEqual(images[0].shape.levels, levels)
      XCTAssertTrue(try gpu.texture(for: buffer) === texture)
    }
  }

  func testWhatIsNoImportIsCopied() throws {
    let gpu = try device(without: ["VK_EXT_image_drm_format_modifier"])
    let heap = try XCTUnwrap(gpu.memoryHeaps.first)
    let pool = try TexturePool(for: [], from: [heap])
    let writer = BufferAttributes(name: "writer") {
      ($0.pitchAlignment, $0.formats) = (4096, [.abgr8888])
    }
    let buffer = try pool.allocate(ImageDescriptor(width: 65, height: 4, writtenBy: writer))
    buffer.paintTrial(2)
    let texture = try gpu.texture(for: buffer)
    XCTAssertEqual(texture.route, .transferred)
    XCTAssertTrue(texture.reason?.hasPrefix("pitch: wanted") == true, "\(texture.reason ?? "")")
    XCTAssertTrue(try texture.showsTrial(2))
  }

  func testImagesOfTheGPUsOwnAreUsedAgain() throws {
    let gpu = try device(route: .transferred)
    let pool = try TexturePool(for: [gpu])
    var allocations: Int?
    for turn in 0..<20 {
      let buffer = try pool.allocate(ImageDescriptor(width: 64, height: 64, formats: [.abgr8888]))
      buffer.paintTrial(turn)
      XCTAssertTrue(try gpu.register(buffer).showsTrial(turn))
      try gpu.collect()
      XCTAssertEqual(gpu.statistics.liveAllocations, allocations ?? gpu.statistics.liveAllocations)
      allocations = gpu.statistics.liveAllocations
    }
  }
}

import TestSupport
import TexAlloc
import XCTest

@testable import TexAllocVulkan

/// Images where they lie in memory.
final class VulkanTextureTests: VulkanTestCase {
  private let formats: [Fourcc] = [
    .abgr8888, .xbgr8888, .argb8888, .xrgb8888, .r8, .gr88, .rgb565, .nv12, .yuv420,
  ]

  func testAShaderSeesWhatWasWrittenWhereItLies() throws {
    let gpu = try device()
    for heap in gpu.memoryHeaps as [any Heap] {
      let pool = try pool(for: gpu, of: heap)
      for fourcc in formats where gpu.attributes.formats?.contains(Format(fourcc)) == true {
        let first = try pool.allocate(ImageDescriptor(width: 9, height: 9, formats: [fourcc]))
        first.paintTrial(0)
        let buffer = try pool.allocate(ImageDescriptor(width: 65, height: 12, formats: [fourcc]))
        XCTAssertGreaterThan(buffer.offset, 0)
        XCTAssertEqual(buffer.route, .imported)
        buffer.paintTrial(1)
        let texture = try gpu.register(buffer)
        XCTAssertEqual(texture.check, .trial)
        XCTAssertEqual(texture.planes.count, buffer.layout.planes.count)
        XCTAssertTrue(try texture.showsTrial(1), "\(fourcc)")
        buffer.paintTrial(2)
        XCTAssertTrue(try texture.showsTrial(2), "\(fourcc), written again")
      }
    }
  }

  func testFormatsOfTheIssueAreImported() throws {
    let gpu = try device()
    for fourcc in [Fourcc.r8, .gr88, .abgr8888, .argb8888, .xrgb8888] {
      XCTAssertEqual(gpu.attributes.formats?.contains(Format(fourcc)), true, "\(fourcc)")
    }
  }

  func testAnImageSampledAsLightHasItsTransferUndone() throws {
    let gpu = try device()
    let pool = try TexturePool(for: [gpu])
    var image = ImageDescriptor(width: 64, height: 4, formats: [.abgr8888])
    image.sampling = .asLight
    let buffer = try pool.allocate(image)
    buffer.paintTrial(0)
    let texture = try gpu.register(buffer)
    XCTAssertTrue(try texture.showsTrial(0))
  }

  func testTheSameBufferGivesTheSameTexture() throws {
    let gpu = try device()
    let buffer = try painted(TexturePool(for: [gpu]))
    let texture = try gpu.register(buffer)
    XCTAssertTrue(try gpu.register(buffer) === texture)
    XCTAssertEqual(gpu.statistics.textures(.imported), 1)
  }

  func testBarriersAreTakenOnce() throws {
    let gpu = try device()
    let texture = try gpu.register(try painted(TexturePool(for: [gpu])))
    XCTAssertEqual(unsafe texture.takeBarriers().count, 1)
    XCTAssertEqual(unsafe texture.takeBarriers().count, 0)
    let other = try gpu.register(try painted(TexturePool(for: [gpu])))
    try gpu.collect()
    XCTAssertEqual(unsafe other.takeBarriers().count, 0)
  }

  func testTheNextImageAtThePlaceTakesOverTheImages() throws {
    let gpu = try device()
    let pool = try TexturePool(for: [gpu])
    let neighbour = try painted(pool)
    var place: Int?
    for turn in 0..<4 {
      let buffer = try painted(pool, turn)
      XCTAssertEqual(buffer.offset, place ?? buffer.offset)
      place = buffer.offset
      XCTAssertTrue(try gpu.register(buffer).showsTrial(turn))
      try gpu.collect()
      XCTAssertEqual(gpu.statistics.reusedImages, turn)
      XCTAssertTrue(try gpu.makeFence().wait(until: .now + .seconds(60)))
    }
    withExtendedLifetime(neighbour) {}
  }

  func testAReleasedSlotIsNotUsedAgainBeforeItsFence() throws {
    let gpu = try device()
    let pool = try TexturePool(for: [gpu])
    var texture: VulkanTexture? = try gpu.register(try painted(pool))
    let place = texture?.buffer.offset
    texture = nil
    XCTAssertEqual(pool.statistics.slots, 1, "nobody has collected")
    XCTAssertNotEqual(try painted(pool).offset, place)
    try gpu.collect()
    XCTAssertTrue(try gpu.makeFence().wait(until: .now + .seconds(60)))
    pool.collect()
    XCTAssertEqual(pool.statistics.slots, 0)
  }

  func testAPitchThatIsNotTheDriversIsRefusedWithBoth() throws {
    let gpu = try device(without: ["VK_EXT_image_drm_format_modifier"])
    let heap = try XCTUnwrap(gpu.memoryHeaps.first)
    let wide = BufferAttributes(name: "writer") { $0.pitchAlignment = 4096 }
    let pool = try TexturePool(for: [], from: [heap])
    let buffer = try pool.allocate(
      ImageDescriptor(
        width: 65, height: 4,
        writtenBy: BufferAttributes(name: wide.name) {
          $0.pitchAlignment = 4096
          $0.formats = [.abgr8888]
        }))
    buffer.paintTrial(0)
    XCTAssertEqual(buffer.layout.planes[0].pitch, 4096)
    XCTAssertThrowsError(try gpu.register(buffer)) {
      let refusal = $0 as? RegistrationRefused
      XCTAssertEqual(refusal?.cause, .pitch, "\($0)")
      XCTAssertEqual(refusal?.held, "4096")
    }
  }

  func testMemoryThatIsNotItsOwnIsRefusedWhereNothingIsImported() throws {
    let gpu = try device(without: ["VK_EXT_external_memory_host"])
    let pool = try TexturePool(for: [], from: [MemfdHeap()])
    XCTAssertThrowsError(try gpu.register(try painted(pool))) {
      XCTAssertEqual(($0 as? RegistrationRefused)?.cause, .heap)
    }
  }

  private func painted(_ pool: TexturePool, _ turn: Int = 0) throws -> TextureBuffer {
    let buffer = try pool.allocate(ImageDescriptor(width: 40, height: 6, formats: [.abgr8888]))
    buffer.paintTrial(turn)
    return buffer
  }
}

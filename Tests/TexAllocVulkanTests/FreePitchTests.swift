import Synchronization
import TexAlloc
import XCTest

@testable import TexAllocVulkan

/// Images at pitches of ours, of drivers that say that they take them: `VK_EXT_image_drm_format_modifier`.
final class FreePitchTests: VulkanTestCase {
  func testItTakesAnyPitch() throws {
    let gpu = try freeDevice()
    XCTAssertTrue(gpu.takesAnyPitch)
    XCTAssertFalse(gpu.attributes.formats?.isEmpty ?? true)
  }

  func testAPitchThatIsNotTheDriversIsSampledInItsOwnMemory() throws {
    let gpu = try freeDevice()
    try expectTrials(on: gpu, of: XCTUnwrap(gpu.memoryHeaps.first))
  }

  func testAPitchThatIsNotTheDriversIsSampledInMemoryOfTheProcess() throws {
    let gpu = try freeDevice()
    guard gpu.importsHostMemory else { throw XCTSkip("no VK_EXT_external_memory_host here") }
    try expectTrials(on: gpu, of: MemfdHeap())
  }

  func testAPitchThatIsNotTheDriversIsSampledInMemoryThatOtherAPIsOpen() throws {
    let gpu = try freeDevice()
    try expectTrials(on: gpu, of: sharedHeap(of: gpu))
  }

  func testEveryFormatIsSampledAtAPitchOfOurs() throws {
    let gpu = try freeDevice()
    let pool = try TexturePool(for: [gpu])
    for format in try XCTUnwrap(gpu.attributes.formats) {
      let buffer = try pool.allocate(
        ImageDescriptor(width: 66, height: 12, writtenBy: wide(format)))
      XCTAssertTrue(buffer.layout.planes[0].pitch.isMultiple(of: 1024), "\(format)")
      buffer.paintTrial(1)
      let texture = try gpu.register(buffer)
      XCTAssertEqual(texture.planes.count, buffer.layout.planes.count)
      if case .trial = texture.check { XCTAssertTrue(try texture.showsTrial(1), "\(format)") }
    }
  }

  func testADriverWithoutALinearModifierChoosesThePitch() throws {
    let gpu = try freeDevice(hasModifier: false)
    XCTAssertFalse(gpu.takesAnyPitch)
    XCTAssertNil(gpu.importObstacle)
    // Others may have more at pitches of their own.
    if gpu.description.kind == .cpu {
      XCTAssertEqual(gpu.attributes.formats, try device().attributes.formats)
    }
    let buffer = try TexturePool(for: [gpu]).allocate(
      ImageDescriptor(width: 65, height: 12, formats: [.abgr8888]), for: .texture)
    buffer.paintTrial(1)
    let texture: VulkanTexture
    do { texture = try gpu.register(buffer) } catch {
      // Rows of ours are whole lines, and so are the software device's.
      throw gpu.description.kind != .cpu && error.cause == .pitch ? XCTSkip("\(error)") : error
    }
    XCTAssertTrue(try texture.showsTrial(1))
  }

  func testADriverThatSamplesNothingWhereItLiesGetsCopies() throws {
    let gpu = try freeDevice(hasModifier: false, hasTiling: false)
    let pool = try TexturePool(for: [gpu])
    let buffer = try pool.allocate(
      ImageDescriptor(width: 65, height: 12, formats: [.abgr8888]), for: .texture)
    buffer.paintTrial(1)
    let texture = try gpu.texture(for: buffer)
    XCTAssertEqual(texture.route, .transferred)
    XCTAssertEqual(texture.reason, "not imported: gpu: \(try XCTUnwrap(gpu.importObstacle))")
    XCTAssertTrue(try texture.showsTrial(1))
  }
}

extension FreePitchTests {
  private func freeDevice(
    hasModifier: Bool = true, hasTiling: Bool = true
  ) throws -> VulkanDevice {
    let loader = try TroubledDriver.loader()
    TroubledDriver.feignsModifiers.store(true, ordering: .relaxed)
    TroubledDriver.hasLinearModifier.store(hasModifier, ordering: .relaxed)
    TroubledDriver.hasLinearTiling.store(hasTiling, ordering: .relaxed)
    return try device(by: loader)
  }

  /// Who wants rows further apart than any driver would by itself.
  private func wide(_ format: Format) -> BufferAttributes {
    BufferAttributes(name: "writer") {
      $0.pitchAlignment = 1024
      $0.formats = [format]
    }
  }

  private func expectTrials(on gpu: VulkanDevice, of heap: any Heap) throws {
    let pool = try pool(for: gpu, of: heap)
    for width in [1, 65, 1919] {
      let image = ImageDescriptor(width: width, height: 12, writtenBy: wide(.abgr8888))
      for turn in 0..<2 {
        let buffer = try pool.allocate(image)
        XCTAssertEqual(
          buffer.layout.planes[0].pitch, (width * 4).roundedUp(toMultipleOf: 1024))
        buffer.paintTrial(turn)
        let texture = try gpu.register(buffer)
        XCTAssertEqual(texture.check, .trial)
        XCTAssertTrue(try texture.showsTrial(turn), "\(width)")
        buffer.paintTrial(turn + 2)
        XCTAssertTrue(try texture.showsTrial(turn + 2), "\(width), written again")
      }
    }
  }
}

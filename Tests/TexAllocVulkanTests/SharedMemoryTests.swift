import Glibc
import SystemPackage
import TestSupport
import TexAlloc
import XCTest

@testable import TexAllocEGL
@testable import TexAllocVulkan

/// Memory of Vulkan that OpenGL samples where it lies, or copies from.
final class SharedMemoryTests: VulkanTestCase {
  func testOpenGLSamplesMemoryOfVulkan() throws {
    let (gl, vulkan) = try samplingDevices()
    let pool = try TexturePool(for: [gl])
    for fourcc in [Fourcc.abgr8888, .xbgr8888, .argb8888, .r8, .gr88] {
      for width in [1, 65, 300] {
        let buffer = try pool.allocate(
          ImageDescriptor(width: width, height: 11, formats: [fourcc]),
          for: [.texture, .rewritten])
        XCTAssertEqual(buffer.heap, vulkan.sharedHeaps[0].name)
        buffer.paintTrial(1)
        let texture = try gl.register(buffer)
        XCTAssertEqual(texture.route, .imported)
        // An image of its kind, in the same memory, showed what was written, twice.
        XCTAssertEqual(texture.check, .trial)
      }
    }
  }

  func testWhatIsWrittenAgainIsSeen() throws {
    let (gl, _) = try devices()
    let buffer = try TexturePool(for: [gl]).allocate(
      ImageDescriptor(width: 16, height: 8, formats: [.abgr8888]), for: [.texture, .rewritten])
    buffer.paint(10)
    let texture = try gl.register(buffer)
    XCTAssertEqual(try texture.shownPixels(), [UInt8](repeating: 10, count: 16 * 8 * 4))
    buffer.paint(20)
    try texture.contentsChanged()
    XCTAssertEqual(try texture.shownPixels(), [UInt8](repeating: 20, count: 16 * 8 * 4))
    XCTAssertEqual(texture.bytesUploaded, 0)
    XCTAssertEqual(texture.bytesTransferred, gl.openedOffer() == nil ? 2 * 16 * 8 * 4 : 0)
  }

  func testRowsThatAreFartherApartAreRefused() throws {
    let (gl, vulkan) = try samplingDevices()
    let wide = WideRows(attributes: BufferAttributes(name: "wide") { $0.pitchAlignment = 1024 })
    let buffer = try TexturePool(for: [wide], from: vulkan.sharedHeaps).allocate(
      ImageDescriptor(width: 10, height: 8, formats: [.abgr8888]), for: [.texture, .rewritten])
    buffer.paint(1)
    XCTAssertThrowsError(try gl.register(buffer)) {
      XCTAssertEqual(($0 as? RegistrationRefused)?.cause, .pitch)
    }
    XCTAssertEqual(try gl.texture(for: buffer).route, .uploaded)
  }

  func testBothAPIsShowOneImage() throws {
    let (gl, vulkan) = try devices()
    let pool = try pool(for: vulkan, of: sharedHeap(of: vulkan))
    let buffer = try pool.allocate(
      ImageDescriptor(width: 40, height: 30, formats: [.abgr8888]), for: [.texture, .rewritten])
    buffer.paintTrial(3)
    let seen = try vulkan.register(buffer)
    XCTAssertTrue(try seen.showsTrial(3))
    XCTAssertEqual(try gl.texture(for: buffer).shownPixels(), try seen.texels())
  }

  func testMemoryGoesWithItsSlabs() throws {
    let (gl, vulkan) = try devices()
    let before = vulkan.statistics.liveAllocations
    let deadline = ContinuousClock.now + .seconds(60)
    do {
      let pool = try TexturePool(for: [gl])
      let buffer = try pool.allocate(ImageDescriptor(width: 64, height: 64, formats: [.r8]))
      buffer.paintTrial(0)
      _ = try gl.register(buffer)
      XCTAssertGreaterThan(vulkan.statistics.liveAllocations, before)
    }
    // Buffers are deleted on the device's own thread.
    while vulkan.statistics.liveAllocations > before, ContinuousClock.now < deadline {
      try gl.collect()
      usleep(1000)
    }
    XCTAssertEqual(vulkan.statistics.liveAllocations, before)
  }

  func testWhatIsNotSharedOrOfAnotherGPUIsRefused() throws {
    let (gl, vulkan) = try devices()
    XCTAssertThrowsError(try gl.open(vulkan.memoryHeaps)) {
      XCTAssertTrue("\($0)".hasSuffix("no other API opens its memory"), "\($0)")
    }
    XCTAssertThrowsError(try gl.open([ForeignHeap()])) {
      XCTAssertTrue("\($0)".contains("it is of GPU 0123 and driver 4567"), "\($0)")
    }
    // What was opened before stays.
    let buffer = try TexturePool(for: [gl]).allocate(
      ImageDescriptor(width: 8, height: 8, formats: [.r8]))
    XCTAssertEqual(buffer.heap, vulkan.sharedHeaps[0].name)
  }

  func testWhereAnotherRouteWasDemandedNothingIsSampledInPlace() throws {
    let (_, vulkan) = try devices()
    let gl = try EGLDevice.surfaceless(.tested, route: .uploaded)
    try gl.open(vulkan.sharedHeaps)
    let buffer = try pool(for: vulkan, of: sharedHeap(of: vulkan)).allocate(
      ImageDescriptor(width: 40, height: 30, formats: [.abgr8888]), for: [.texture, .rewritten])
    buffer.paint(1)
    XCTAssertThrowsError(try gl.register(buffer)) {
      XCTAssertEqual(($0 as? RegistrationRefused)?.cause, .heap)
    }
  }

  func testAnImageThatIsSampledInPlaceIsNotSpentByACopyOfIt() throws {
    let (gl, _) = try samplingDevices()
    let buffer = try TexturePool(for: [gl]).allocate(
      ImageDescriptor(width: 40, height: 30, formats: [.abgr8888]), for: .texture)
    buffer.paint(1)
    let sampled = try gl.register(buffer)
    XCTAssertEqual(try gl.texture(for: buffer, mipmapped: true).route, .uploaded)
    XCTAssertFalse(buffer.isSpent)
    withExtendedLifetime(sampled) {}
  }

  func testADeviceThatIsClosedKeepsNothingOfSlabs() throws {
    let (gl, vulkan) = try devices()
    let buffer = try TexturePool(for: [gl]).allocate(
      ImageDescriptor(width: 8, height: 8, formats: [.r8]), for: [.texture, .rewritten])
    buffer.paint(1)
    _ = try gl.register(buffer)
    let slab = try XCTUnwrap(buffer.slab)
    XCTAssertNotNil(slab.companion(gl.openedSlabs))
    try gl.close()
    XCTAssertNil(slab.companion(gl.openedSlabs))
    withExtendedLifetime(vulkan) {}
  }

  func testADeviceThatIsClosedOpensNothing() throws {
    let (gl, vulkan) = try devices()
    try gl.close()
    XCTAssertThrowsError(try gl.open(vulkan.sharedHeaps)) {
      XCTAssertEqual(($0 as? EGLFailure)?.cause, .closed)
    }
  }

  func testMemoryThatOpenGLHasOpenedGoesWithItsDeviceAndTheRestStays() throws {
    let (gl, vulkan) = try devices()
    let image = ImageDescriptor(width: 16, height: 8, formats: [.abgr8888])
    let opened = try TexturePool(for: [gl]).allocate(image, for: [.texture, .rewritten])
    let other = try TexturePool(for: [], from: [MemfdHeap()]).allocate(image)
    for buffer in [opened, other] { buffer.paint(9) }
    var texture: Texture? = try gl.register(opened)
    XCTAssertEqual(texture?.route, gl.openedOffer() == nil ? .transferred : .imported)
    vulkan.deviceWasLost()
    XCTAssertTrue(opened.isLost)
    XCTAssertFalse(other.isLost)
    texture = nil
    XCTAssertThrowsError(try gl.texture(for: opened)) {
      XCTAssertEqual(($0 as? RegistrationRefused)?.cause, .memoryLost)
    }
    XCTAssertEqual(
      try gl.texture(for: other).shownPixels(), [UInt8](repeating: 9, count: 16 * 8 * 4))
  }

  func testADriverThatExportsNothingSharesNothing() throws {
    let vulkan = try device(without: [
      "VK_KHR_external_memory_fd", "VK_EXT_external_memory_dma_buf",
    ])
    XCTAssertTrue(vulkan.sharedHeaps.isEmpty)
  }
}

extension VulkanTestCase {
  /// A device of OpenGL that has opened the memory of one of Vulkan.
  func devices(by loader: VulkanLoader? = nil) throws -> (gl: EGLDevice, vulkan: VulkanDevice) {
    let vulkan = try device(by: loader)
    if vulkan.sharedHeaps.isEmpty { throw XCTSkip("the driver of Vulkan exports no memory") }
    let gl = try EGLDevice.surfaceless(.tested)
    do { try gl.open(vulkan.sharedHeaps) } catch {
      throw error.isUnsupported ? XCTSkip("\(error)") : error
    }
    return (gl, vulkan)
  }

  /// The same, where OpenGL samples that memory where it lies.
  fileprivate func samplingDevices() throws -> (gl: EGLDevice, vulkan: VulkanDevice) {
    let (gl, vulkan) = try devices()
    if !gl.description.isSoftware, gl.openedOffer() == nil {
      throw XCTSkip("OpenGL copies from the memory of Vulkan here")
    }
    return (gl, vulkan)
  }
}

private struct WideRows: Component {
  let attributes: BufferAttributes
}

/// Says that its memory is another GPU's.
private struct ForeignHeap: Heap {
  let attributes = BufferAttributes(name: "foreign", provides: ProvidedMemory()) {
    $0.heaps = ["foreign"]
    $0.caching = [.cached]
  }

  func makeSlab(of size: Int) throws(SystemFailure) -> Slab {
    let slab = try MemfdHeap().makeSlab(of: size)
    _ = slab.companion(ExportedMemory.ofSlab) {
      ExportedMemory(device: "0123", driver: "4567", size: size, export: Self.refuse)
    }
    return slab
  }

  private static func refuse() throws(SystemFailure) -> OwnedDescriptor {
    throw SystemFailure("export", on: "foreign", .notSupported)
  }
}

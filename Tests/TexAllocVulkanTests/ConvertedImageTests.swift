import CVulkan
import Synchronization
import TestSupport
import TexAlloc
import XCTest

@testable import TexAllocVulkan

/// Luma and chroma as one image, which a sampler of the device converts.
final class ConvertedImageTests: VulkanTestCase {
  /// The software device has chroma at the first of the pixels that share it, and nowhere else.
  private static let cosited = [Colour.Matrix.bt601, .bt709, .bt2020].flatMap { matrix in
    Colour.Range.allCases.map {
      Colour(matrix: matrix, range: $0, horizontalSiting: .cosited, verticalSiting: .cosited)
    }
  }

  func testASamplerMakesTheColoursOfEachMatrixAndRange() throws {
    let gpu = try convertingDevice()
    for heap in gpu.memoryHeaps as [any Heap] + [MemfdHeap()] {
      let pool = try pool(for: gpu, of: heap)
      for fourcc in [Fourcc.nv12, .nv16, .yuv420, .yuv422] {
        for colour in Self.cosited where gpu.formats.formats.contains(fourcc) {
          try checkPatches(of: fourcc, colour, in: pool, on: gpu)
        }
      }
    }
  }

  /// Another picture than the trial's, at another place, row by row.
  private func checkPatches(
    of fourcc: Fourcc, _ colour: Colour, in pool: TexturePool, on gpu: VulkanDevice
  ) throws {
    var image = ImageDescriptor(width: 96, height: 40, formats: [fourcc])
    image.colour = colour
    let neighbours = try (0..<2).map { _ in try pool.allocate(image) }
    let buffer = try pool.allocate(image)
    let patches = try XCTUnwrap(FlatPatches(buffer.layout))
    let texture = try gpu.register(buffer.painted(patches, 3))
    let shown = try texture.convertedTexels()
    var compared = 0
    for row in 0..<buffer.layout.height {
      // Chroma is filtered between the upper patches and the lower ones.
      if abs(row - buffer.layout.height / 2) < 4 { continue }
      for (x, wanted) in patches.colours(ofRow: row, 3).enumerated() {
        guard let wanted else { continue }
        let place = (row * buffer.layout.width + x) * 4
        compared += 1
        for channel in 0..<4 {
          XCTAssertEqual(
            Double(shown[place + channel]), Double(wanted[channel]),
            accuracy: Double(FlatPatches.tolerance), "\(fourcc), \(colour), \(x), \(row)")
        }
      }
    }
    XCTAssertGreaterThan(compared, 500)
    let converted = try texture.converted()
    XCTAssertEqual(converted.size, ImageSize(width: 96, height: 40))
    XCTAssertEqual(texture.planes.count, buffer.layout.planes.count, "planes stay what they are")
    withExtendedLifetime(neighbours) {}
  }

  func testWhatIsWrittenAgainIsConvertedAgain() throws {
    let gpu = try convertingDevice()
    let buffer = try nv12(in: TexturePool(for: [gpu, gpu.conversion]))
    let patches = try XCTUnwrap(FlatPatches(buffer.layout))
    let texture = try gpu.register(buffer.painted(patches, 0))
    let first = try texture.convertedTexels()
    XCTAssertEqual(try texture.convertedTexels(), first)
    patches.store(into: buffer, 1)
    XCTAssertNotEqual(try texture.convertedTexels(), first)
  }

  func testBarriersOfAConvertedImageAreTakenOnce() throws {
    let gpu = try convertingDevice()
    let pool = try TexturePool(for: [gpu, gpu.conversion])
    let texture = try gpu.register(nv12(in: pool).paintedAnyhow())
    XCTAssertEqual(unsafe texture.takeBarriers().count, 2)
    _ = try texture.converted()
    XCTAssertEqual(unsafe texture.takeBarriers().count, 1)
    XCTAssertEqual(unsafe texture.takeBarriers().count, 0)
    let other = try gpu.register(nv12(in: pool).paintedAnyhow())
    try gpu.collect()
    _ = try other.converted()
    try gpu.collect()
    XCTAssertEqual(unsafe other.takeBarriers().count, 0)
  }

  func testAConvertedImageThatNobodyHasTakenIsNotGivenBack() throws {
    let gpu = try convertingDevice()
    let heap = try sharedHeap(of: gpu)
    let texture = try gpu.register(nv12(in: pool(for: gpu, of: heap)).paintedAnyhow())
    XCTAssertEqual(unsafe texture.takeBarriers().count, 2)
    let converted = try texture.converted()
    XCTAssertEqual(unsafe texture.takeReleaseBarriers().count, 2, "its planes")
    let taken = unsafe texture.takeBarriers()
    XCTAssertEqual(unsafe taken.count, 3)
    let old = unsafe taken.map { unsafe $0.oldLayout.rawValue }
    let isNew = unsafe taken.map { unsafe $0.image == converted.image }
    XCTAssertEqual(isNew.count(where: \.self), 1)
    XCTAssertEqual(
      old, isNew.map { ($0 ? VK_IMAGE_LAYOUT_UNDEFINED : texture.layout).rawValue })
    XCTAssertEqual(unsafe texture.takeReleaseBarriers().count, 3)
  }

  func testConvertedImagesGoWithTheirTextures() throws {
    let gpu = try convertingDevice()
    let pool = try TexturePool(for: [gpu, gpu.conversion])
    for _ in 0..<20 {
      _ = try gpu.register(nv12(in: pool).paintedAnyhow()).converted()
      try gpu.collect()
    }
    XCTAssertTrue(try gpu.makeFence().wait(until: .now + .seconds(60)))
    try gpu.collect()
    XCTAssertTrue(gpu.state.withLock { $0.doomed.isEmpty })
  }

  func testChromaWhereADeviceHasNoneIsRefusedAndStaysItsPlanes() throws {
    let gpu = try convertingDevice()
    let format = VK_FORMAT_G8_B8R8_2PLANE_420_UNORM
    if gpu.has(VK_FORMAT_FEATURE_MIDPOINT_CHROMA_SAMPLES_BIT, for: format) {
      throw XCTSkip("this device has chroma in the middle of the pixels that share it, too")
    }
    let pool = try TexturePool(for: [gpu, gpu.conversion])
    // What JPEG has.
    let centred = try gpu.register(
      pool.allocate(ImageDescriptor(width: 64, height: 32, formats: [.nv12])).paintedAnyhow())
    XCTAssertThrowsError(try centred.converted()) {
      let refusal = $0 as? RegistrationRefused
      XCTAssertEqual(refusal?.cause, .format)
      XCTAssertEqual(refusal?.field, "VK_FORMAT_FEATURE_MIDPOINT_CHROMA_SAMPLES_BIT")
    }
    XCTAssertEqual(centred.planes.count, 2)
  }

  func testWhatADeviceDoesNotConvertIsRefused() throws {
    let gpu = try convertingDevice()
    let pool = try TexturePool(for: [gpu, gpu.conversion])
    var refused = [Fourcc.nv24]  // which Vulkan 1.2 has no format for
    let format = VK_FORMAT_G8_B8_R8_3PLANE_444_UNORM
    if !gpu.has(VK_FORMAT_FEATURE_SAMPLED_IMAGE_BIT, for: format) { refused.append(.yuv444) }
    for fourcc in refused where gpu.formats.formats.contains(fourcc) {
      let texture = try gpu.register(
        pool.allocate(ImageDescriptor(width: 64, height: 32, formats: [fourcc])).paintedAnyhow())
      XCTAssertThrowsError(try texture.converted()) {
        XCTAssertEqual(($0 as? RegistrationRefused)?.cause, .format, "\($0)")
      }
    }
    let rgb = try gpu.register(
      pool.allocate(ImageDescriptor(width: 64, height: 32, formats: [.abgr8888])).paintedAnyhow())
    XCTAssertThrowsError(try rgb.converted()) {
      XCTAssertEqual(($0 as? RegistrationRefused)?.cause, .format)
    }
  }

  func testAToolkitsDeviceWithoutTheFeatureConvertsNothing() throws {
    let toolkit = try device()
    let own = toolkit.handles
    let gpu = try VulkanDevice(
      over: unsafe VulkanToolkitDevice(
        instance: own.instance, physicalDevice: own.physicalDevice, device: own.device,
        queue: own.queue, queueFamily: own.queueFamily, extensions: own.extensions, lock: own.lock))
    let texture = try gpu.register(
      nv12(in: TexturePool(for: [gpu, gpu.conversion])).paintedAnyhow())
    XCTAssertThrowsError(try texture.converted()) {
      XCTAssertEqual(($0 as? RegistrationRefused)?.field, "samplerYcbcrConversion")
    }
  }

  private func nv12(in pool: TexturePool) throws -> TextureBuffer {
    var image = ImageDescriptor(width: 64, height: 32, formats: [.nv12])
    image.colour = Self.cosited[0]
    return try pool.allocate(image, for: [.texture, .rewritten])
  }

  private func convertingDevice() throws -> VulkanDevice {
    let gpu = try device()
    guard gpu.connection.convertsLumaAndChroma else {
      throw XCTSkip("no samplerYcbcrConversion here")
    }
    return gpu
  }
}

extension VulkanDevice {
  /// Whether linear images of a format have a feature.
  fileprivate func has(_ feature: VkFormatFeatureFlagBits, for format: VkFormat) -> Bool {
    let physical = connection.physical
    var properties = unsafe VkFormatProperties2()
    unsafe properties.sType = VK_STRUCTURE_TYPE_FORMAT_PROPERTIES_2
    unsafe physical.instance.functions.getFormatProperties(physical.handle, format, &properties)
    return unsafe properties.formatProperties.linearTilingFeatures & feature.rawValue != 0
  }
}

extension TextureBuffer {
  fileprivate func painted(_ patches: FlatPatches, _ turn: Int) -> TextureBuffer {
    patches.store(into: self, turn)
    return self
  }

  fileprivate func paintedAnyhow() -> TextureBuffer {
    paintTrial(0)
    return self
  }
}

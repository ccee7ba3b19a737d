import CVulkan
import Synchronization
import TestSupport
import TexAlloc
import XCTest

@testable import TexAllocVulkan

/// Which images of luma and chroma are converted, and what is made for them.
final class ConversionTests: VulkanTestCase {
  /// The software device has chroma at the first of the pixels that share it, and nowhere else.
  private static let colour = Colour(horizontalSiting: .cosited, verticalSiting: .cosited)

  func testSizesThatShareNoWholeSamplesAreRefusedAndStayPlanes() throws {
    let gpu = try convertingDevice()
    let pool = try TexturePool(for: [gpu, gpu.conversion])
    for (fourcc, sizes) in [
      (Fourcc.nv12, [(37, 11), (38, 11), (37, 12)]), (.p010, [(37, 11)]), (.yuv420, [(37, 11)]),
      (.nv16, [(37, 11)]), (.yuv422, [(37, 11)]),
    ] where gpu.attributes.formats?.contains(Format(fourcc)) == true {
      for (width, height) in sizes {
        let texture = try texture(of: fourcc, width, height, in: pool, on: gpu)
        for _ in 0..<2 {
          XCTAssertThrowsError(try texture.converted()) {
            let refusal = $0 as? RegistrationRefused
            // P010 may not be had at all.
            if fourcc == .p010, refusal?.cause == .format { return }
            XCTAssertEqual(refusal?.cause, .size, "\($0)")
            XCTAssertEqual(refusal?.held, "\(width)x\(height)")
          }
        }
        XCTAssertEqual(texture.planes.count, texture.buffer.layout.planes.count)
      }
    }
    // No lesson for those that do.
    XCTAssertNoThrow(try texture(of: .nv12, 38, 12, in: pool, on: gpu).converted())
    XCTAssertNoThrow(try texture(of: .nv16, 38, 11, in: pool, on: gpu).converted())
  }

  func testOneWidthsPitchSaysNothingOfOthers() throws {
    let gpu = try convertingDevice(by: TroubledDriver.loader())
    if gpu.takesAnyPitch { throw XCTSkip("the driver takes any pitch") }
    let pool = try TexturePool(for: [gpu, gpu.conversion])
    TroubledDriver.surplusPitch.store(64, ordering: .relaxed)
    XCTAssertThrowsError(try texture(of: .nv12, 64, 32, in: pool, on: gpu).converted()) {
      XCTAssertEqual(($0 as? RegistrationRefused)?.cause, .pitch)
    }
    TroubledDriver.surplusPitch.store(0, ordering: .relaxed)
    XCTAssertNoThrow(try texture(of: .nv12, 64, 32, in: pool, on: gpu).converted())
  }

  func testSizesAboveTheLimitOfTheFormatAreRefused() throws {
    let gpu = try convertingDevice(by: TroubledDriver.loader())
    let pool = try TexturePool(for: [gpu, gpu.conversion])
    let large = try texture(of: .nv12, 64, 32, in: pool, on: gpu)
    TroubledDriver.largestSize.store(32, ordering: .relaxed)
    XCTAssertThrowsError(try large.converted()) {
      let refusal = $0 as? RegistrationRefused
      XCTAssertEqual(refusal?.cause, .size)
      XCTAssertEqual(refusal?.wanted, "at most 32x32")
    }
    TroubledDriver.largestSize.store(0, ordering: .relaxed)
    XCTAssertNoThrow(try large.converted())
  }

  func testImagesAreNoLargerThanLinearOnesMayBe() throws {
    let loader = try TroubledDriver.loader()
    TroubledDriver.largestSize.store(512, ordering: .relaxed)
    let gpu = try device(by: loader)
    XCTAssertEqual(gpu.attributes.maxWidth, 512)
    XCTAssertEqual(gpu.attributes.maxHeight, 512)
  }

  func testWhatIsConvertedAlikeHasOneSampler() throws {
    let gpu = try convertingDevice()
    let pool = try TexturePool(for: [gpu, gpu.conversion])
    func conversion(_ fourcc: Fourcc, _ colour: Colour = ConversionTests.colour) throws
      -> Conversion
    {
      var image = ImageDescriptor(width: 64, height: 32, formats: [fourcc])
      image.colour = colour
      return try XCTUnwrap(Conversion(pool.allocate(image).layout), "\(fourcc)")
    }
    var video = Self.colour
    video.transfer = .bt709
    XCTAssertEqual(try conversion(.nv12), try conversion(.nv12, video))
    var centred = Self.colour
    centred.verticalSiting = .centred
    XCTAssertEqual(try conversion(.nv16), try conversion(.nv16, centred))
    XCTAssertNotEqual(try conversion(.nv12), try conversion(.nv12, centred))
    var limited = Self.colour
    limited.range = .limited
    XCTAssertNotEqual(try conversion(.nv12), try conversion(.nv12, limited))
    XCTAssertNotEqual(try conversion(.nv12), try conversion(.yuv420))
  }

  func testPlanesThatOnlyResembleAFormatAreNotConverted() throws {
    typealias Shape = PlaneShape
    func eights(_ meanings: Shape.Channel.Meaning...) -> [Shape.Channel] {
      meanings.map { .init($0, bits: 8) }
    }
    let luma = Shape(eights(.luma))
    let blue = Shape(eights(.blueChroma), across: 2, down: 2)
    let fourcc = try XCTUnwrap(Fourcc("TEST"))
    func conversion(_ shapes: [Shape]) -> Conversion? {
      var table = FormatTable.known
      table[fourcc] = shapes
      return Conversion(
        ImageLayout(
          width: 64, height: 32, format: Format(fourcc),
          planes: .init(shapes.map { _ in .init(offset: 0, pitch: 64, rows: 32) }), size: 1 << 16,
          in: table))
    }
    XCTAssertNotNil(conversion([luma, blue, Shape(eights(.redChroma), across: 2, down: 2)]))
    XCTAssertNil(conversion([luma, blue, Shape(eights(.redChroma), across: 2)]))
    XCTAssertNil(
      conversion([luma, blue, Shape([.init(.redChroma, bits: 16)], across: 2, down: 2)]))
    XCTAssertNil(conversion([luma, Shape(eights(.redChroma, .blueChroma), across: 2, down: 2)]))
  }

  func testARefusedCloseLeavesTheSamplers() throws {
    let gpu = try convertingDevice()
    let slab = try XCTUnwrap(gpu.memoryHeaps.first).makeSlab(of: 4096)
    try {
      _ = try texture(of: .nv12, 64, 32, in: TexturePool(for: [gpu, gpu.conversion]), on: gpu)
        .converted()
    }()
    XCTAssertThrowsError(try gpu.close()) {
      XCTAssertEqual(($0 as? VulkanFailure)?.cause, .inUse)
    }
    XCTAssertEqual(gpu.conversions.withLock { $0.count }, 1)
    withExtendedLifetime(slab) {}
  }

  func testAToolkitsDeviceIsNotSaidToConvertWhatItsGPUDoesNot() throws {
    let gpu = try device(by: TroubledDriver.loader())
    let own = gpu.handles
    let toolkit = unsafe VulkanToolkitDevice(
      instance: own.instance, physicalDevice: own.physicalDevice, device: own.device,
      queue: own.queue, queueFamily: own.queueFamily, extensions: own.extensions,
      convertsLumaAndChroma: true, lock: own.lock)
    let loader = try TroubledDriver.loader()
    TroubledDriver.converts.store(false, ordering: .relaxed)
    XCTAssertThrowsError(try VulkanConnection(over: toolkit, by: loader)) {
      XCTAssertEqual(($0 as? VulkanFailure)?.operation, "samplerYcbcrConversion")
      XCTAssertEqual(($0 as? VulkanFailure)?.isUnsupported, true)
    }
  }

  private func texture(
    of fourcc: Fourcc, _ width: Int, _ height: Int, in pool: TexturePool, on gpu: VulkanDevice
  ) throws -> VulkanTexture {
    var image = ImageDescriptor(width: width, height: height, formats: [fourcc])
    image.colour = Self.colour
    let buffer = try pool.allocate(image)
    buffer.paintTrial(0)
    return try gpu.register(buffer)
  }

  private func convertingDevice(by loader: VulkanLoader? = nil) throws -> VulkanDevice {
    let gpu = try device(by: loader)
    guard gpu.connection.convertsLumaAndChroma else {
      throw XCTSkip("no samplerYcbcrConversion here")
    }
    return gpu
  }
}

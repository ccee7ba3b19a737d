import CVulkan
import Synchronization
import TexAlloc
import XCTest

@testable import TexAllocVulkan

/// Luma and chroma as one image of drivers that take pitches of ours, but not for all such images.
final class FreeConversionTests: VulkanTestCase {
  private static let together = ConvertedBinding(isPitchFree: true, isApart: false)
  private static let apart = ConvertedBinding(isPitchFree: true, isApart: true)
  /// As the driver lays images out by itself.
  private static let own = ConvertedBinding(isPitchFree: false, isApart: true)

  func testPlanesInOneMemoryAreAskedForAtPitchesOfOurs() throws {
    let gpu = try freeDevice()
    for fourcc in [Fourcc.nv12, .yuv420] {
      let wide = BufferAttributes(name: "writer") {
        $0.pitchAlignment = 1024
        $0.formats = [Format(fourcc)]
      }
      let image = ImageDescriptor(width: 64, height: 32, writtenBy: wide)
      let buffer = try TexturePool(for: [gpu]).allocate(Self.coloured(image))
      buffer.paintTrial(0)
      let texture = try gpu.register(buffer)
      FeignedPlanarImages.wanted.withLock { $0 = [] }
      // The software device shows such images at its own pitches only.
      XCTAssertThrowsError(try texture.converted())
      let planes = buffer.layout.planes
      XCTAssertTrue(planes.allSatisfy { $0.pitch.isMultiple(of: 1024) })
      let start = planes[0].offset
      let wanted = FeignedPlanarImages.Wanted(
        flags: 0, offsets: planes.map { $0.offset - start }, pitches: planes.map(\.pitch))
      let made = FeignedPlanarImages.wanted.withLock { $0 }
      XCTAssertEqual(made.first, wanted)
      XCTAssertEqual(made.count, 2, "the trial's has fewer rows")
      XCTAssertEqual(made.last?.flags, 0)
      XCTAssertEqual(made.last?.pitches, wanted.pitches)
    }
  }

  func testPlanesInOneMemoryAreConverted() throws {
    let gpu = try freeDevice()
    try expectConversion(of: pooled(on: gpu), on: gpu)
    XCTAssertEqual(checked(on: gpu), [Self.together])
  }

  /// NVIDIA's driver wants 64 KiB, for images of several planes alone.
  func testPlanesLieWhereTheyAreConvertedInAPoolForConversions() throws {
    let gpu = try freeDevice(offsetAlignment: 1 << 16)
    let pool = try TexturePool(for: [gpu, gpu.conversion])
    for _ in 0..<2 { try expectConversion(of: pool.allocate(Self.nv12), on: gpu) }
    XCTAssertEqual(checked(on: gpu), [Self.together])

    let other = try TexturePool(for: [gpu])
    _ = try other.allocate(Self.nv12)
    let buffer = try other.allocate(Self.nv12)
    buffer.paintTrial(1)
    let texture = try gpu.register(buffer)
    XCTAssertTrue(try texture.showsTrial(1))
    XCTAssertThrowsError(try texture.converted()) {
      XCTAssertEqual(($0 as? RegistrationRefused)?.cause, .offset)
    }
  }

  func testPlanesInSeveralMemoriesAreCheckedByThemselves() throws {
    let gpu = try freeDevice()
    try expectConversion(of: pooled(on: gpu), on: gpu)
    try expectConversion(of: adopted(on: gpu), on: gpu)
    XCTAssertEqual(checked(on: gpu), [Self.together, Self.apart])
    let apart = FeignedPlanarImages.wanted.withLock { $0 }.filter { $0.flags != 0 }
    XCTAssertEqual(apart.map(\.flags), [Self.apart.flags, Self.apart.flags])
    XCTAssertEqual(apart.map(\.offsets), [[0, 0], [0, 0]], "each begins where its memory does")
  }

  func testPlanesInSeveralMemoriesAreTheDriversWhereModifiersWantOne() throws {
    let gpu = try freeDevice()
    TroubledDriver.hasDisjointModifier.store(false, ordering: .relaxed)
    try expectConversion(of: pooled(on: gpu), on: gpu)
    try expectConversion(of: adopted(on: gpu), on: gpu)
    XCTAssertEqual(checked(on: gpu), [Self.together, Self.own])
  }

  func testMemoryThatModifiersDoNotTakeIsConvertedAtTheDriversPitches() throws {
    let gpu = try freeDevice()
    guard gpu.importsHostMemory else { throw XCTSkip("no VK_EXT_external_memory_host here") }
    TroubledDriver.modifiersTakeMemory.store(false, ordering: .relaxed)
    try expectConversion(of: pooled(on: gpu), on: gpu)
    try expectConversion(of: pool(for: gpu, of: MemfdHeap()).allocate(Self.nv12), on: gpu)
    XCTAssertEqual(checked(on: gpu), [Self.together, Self.own])
  }
}

extension FreeConversionTests {
  private static let nv12 = coloured(ImageDescriptor(width: 64, height: 32, formats: [.nv12]))

  /// What the software device converts.
  private static func coloured(_ image: ImageDescriptor) -> ImageDescriptor {
    var image = image
    image.colour = Colour(
      matrix: .bt601, range: .full, horizontalSiting: .cosited, verticalSiting: .cosited)
    return image
  }

  private func freeDevice(offsetAlignment: Int = 0) throws -> VulkanDevice {
    let loader = try TroubledDriver.loader()
    FeignedPlanarImages.offsetAlignment.store(offsetAlignment, ordering: .relaxed)
    TroubledDriver.feignsModifiers.store(true, ordering: .relaxed)
    let gpu = try device(by: loader)
    guard gpu.connection.convertsLumaAndChroma else {
      throw XCTSkip("no samplerYcbcrConversion here")
    }
    return gpu
  }

  private func pooled(on gpu: VulkanDevice) throws -> TextureBuffer {
    try TexturePool(for: [gpu, gpu.conversion]).allocate(Self.nv12)
  }

  /// Each plane in a memory of its own, at pitches that the driver would choose.
  private func adopted(on gpu: VulkanDevice) throws -> TextureBuffer {
    guard gpu.importsHostMemory else { throw XCTSkip("no VK_EXT_external_memory_host here") }
    let layout = try pool(for: gpu, of: MemfdHeap()).allocate(Self.nv12).layout
    let lender = try TexturePool(for: [gpu.conversion], from: [MemfdHeap()])
    let luma = try lender.allocate(Self.nv12, for: [.texture, .exportable]).export()
    let chroma = try lender.allocate(Self.nv12, for: [.texture, .exportable]).export()
    var image = AdoptedImage(
      layout.imageSize, layout.format,
      [
        .init(luma.descriptor, pitch: layout.planes[0].pitch),
        .init(chroma.descriptor, pitch: layout.planes[1].pitch),
      ])
    image.colour = layout.colour
    return try TextureBuffer(adopting: image, mappedFor: [.sequentialWrite])
  }

  /// That a sampler shows the colours that were written, and those that are written later.
  private func expectConversion(of buffer: TextureBuffer, on gpu: VulkanDevice) throws {
    let patches = try XCTUnwrap(FlatPatches(buffer.layout))
    patches.store(into: buffer, 2)
    let texture = try gpu.register(buffer)
    for turn in 2..<4 {
      patches.store(into: buffer, turn)
      let shown = try texture.convertedTexels()
      for row in [0, buffer.layout.height - 1] {
        for (x, wanted) in patches.colours(ofRow: row, turn).enumerated() {
          guard let wanted else { continue }
          let place = (row * buffer.layout.width + x) * 4
          for channel in 0..<4 {
            XCTAssertEqual(
              Double(shown[place + channel]), Double(wanted[channel]),
              accuracy: Double(FlatPatches.tolerance), "\(buffer.layout.format), \(x), \(row)")
          }
        }
      }
    }
  }

  /// The ways of being bound of which the device has looked at an image.
  private func checked(on gpu: VulkanDevice) -> Set<ConvertedBinding> {
    Set(gpu.state.withLock { $0.conversionVerdicts.keys })
  }
}

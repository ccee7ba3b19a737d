import SystemPackage
import TestSupport
import TexAlloc
import TexAllocEGL
import XCTest

final class SamplingTests: XCTestCase {
  private func image(_ fourcc: Fourcc, _ colour: Colour = .picture) -> ImageDescriptor {
    var image = ImageDescriptor(width: 2, height: 1, formats: [fourcc], colour: colour)
    image.sampling = .asLight
    return image
  }

  /// Half of what a screen shows is a fifth of its light.
  func testATextureSampledAsLightUndoesTheTransferOfSRGB() throws {
    let gpu = try EGLDevice.surfaceless(route: .uploaded)
    let pool = try TexturePool(for: [], from: [MemfdHeap()])
    for (fourcc, pixels) in [
      (Fourcc.abgr8888, [128, 0, 255, 128, 255, 64, 0, 255]),
      (.xrgb8888, [255, 0, 128, 9, 0, 64, 255, 9]), (.rgb888, [255, 0, 128, 0, 64, 255]),
    ] {
      let buffer = try pool.allocate(image(fourcc))
      write(pixels.map { UInt8($0) }, into: buffer)
      let alpha: UInt8 = fourcc == .abgr8888 ? 128 : 255
      let shown = try gpu.texture(for: buffer).shownPixels()
      for (held, wanted) in zip(shown, [55, 0, 255, alpha, 255, 13, 0, 255]) {
        XCTAssertEqual(Int(held), Int(wanted), accuracy: 1, "\(fourcc): \(shown)")
      }
    }
  }

  func testAnImportIsSampledAsLightWhereItLies() throws {
    let gpu = try TestDevice.importing()
    let buffer = try TexturePool(for: [gpu]).allocate(
      image(.abgr8888), for: [.texture, .exportable])
    guard buffer.route == .imported else {
      throw XCTSkip(buffer.plan?.obstacle ?? "it is not imported")
    }
    let exported = try buffer.export()
    let adopted = try TextureBuffer(adopting: exported.descriptor, buffer.layout)
    let textures = [try gpu.register(buffer), try gpu.register(adopted)]
    XCTAssertEqual(textures.map(\.route), [.imported, .imported])
    for (pixels, light) in [
      ([128, 0, 255, 128, 255, 64, 0, 255], [55, 0, 255, 128, 255, 13, 0, 255]),
      ([0, 64, 128, 0, 128, 255, 64, 9], [0, 13, 55, 0, 55, 255, 13, 9]),
    ] {
      write(pixels.map { UInt8($0) }, into: buffer)
      for texture in textures {
        for (held, wanted) in zip(try texture.shownPixels(), light) {
          XCTAssertEqual(Int(held), wanted, accuracy: 1)
        }
      }
    }
    // The same bytes in the same pool as they are.
    var plain = image(.abgr8888)
    plain.sampling = .asStored
    let stored = try TexturePool(for: [gpu]).allocate(plain)
    write([128, 0, 255, 128, 255, 64, 0, 255], into: stored)
    XCTAssertEqual(try gpu.register(stored).shownPixels(), [128, 0, 255, 128, 255, 64, 0, 255])
  }

  func testAPoolPlansForTheSampling() throws {
    let gpu = try TestDevice.importing()
    let pool = try TexturePool(for: [gpu])
    var plain = image(.argb8888)
    plain.sampling = .asStored
    XCTAssertEqual(try pool.plan(for: plain).route, .imported)
    // No view of an image has blue first.
    let buffer = try pool.allocate(image(.argb8888))
    XCTAssertNotEqual(buffer.route, .imported)
    XCTAssertEqual(buffer.plan?.obstacle?.contains("sampling: wanted asStored"), true)
    write([255, 0, 128, 9, 0, 64, 255, 9], into: buffer)
    let texture = try gpu.texture(for: buffer)
    XCTAssertNotEqual(texture.route, .imported)
    XCTAssertEqual(try texture.shownPixels(), [55, 0, 255, 9, 255, 13, 0, 9])
  }

  func testTheGPUCopiesIntoWhatIsSampledAsLight() throws {
    let gpu = try EGLDevice.surfaceless(.tested, route: .transferred)
    let pool = try TexturePool(for: [gpu])
    guard let buffer = try? pool.allocate(image(.argb8888)) else {
      throw XCTSkip("no mapped buffers here")
    }
    write([255, 0, 128, 9, 0, 64, 255, 9], into: buffer)
    let texture = try gpu.register(buffer)
    XCTAssertEqual(texture.route, .transferred)
    XCTAssertEqual(try texture.shownPixels(), [55, 0, 255, 9, 255, 13, 0, 9])
  }

  func testWhatCannotBeSampledAsLightIsRefused() throws {
    let pool = try TexturePool(for: [], from: [MemfdHeap()])
    let uploading = try EGLDevice.surfaceless(route: .uploaded)
    let importing = try TestDevice.importing()
    for image in [image(.r8), image(.abgr8888, .video), image(.abgr2101010)] {
      let buffer = try pool.allocate(image)
      for (gpu, isStrict) in [(uploading, false), (importing, false), (importing, true)] {
        try gpu.makeCurrent()
        XCTAssertThrowsError(
          isStrict ? try gpu.register(buffer) : try gpu.texture(for: buffer)
        ) { XCTAssertEqual(($0 as? RegistrationRefused)?.cause, .sampling, "\($0)") }
      }
    }
  }

  private func write(_ pixels: [UInt8], into buffer: TextureBuffer) {
    var writer = buffer.writer()
    writer.write(pixels.span, row: 0)
  }
}

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

  func testWhatCannotBeSampledAsLightIsRefused() throws {
    let pool = try TexturePool(for: [], from: [MemfdHeap()])
    let uploading = try EGLDevice.surfaceless(route: .uploaded)
    for image in [image(.r8), image(.abgr8888, .video)] {
      XCTAssertThrowsError(try uploading.texture(for: pool.allocate(image))) {
        XCTAssertEqual(($0 as? RegistrationRefused)?.cause, .sampling, "\($0)")
      }
    }
    let importing = try TestDevice.importing()
    let buffer = try pool.allocate(image(.abgr8888))
    XCTAssertThrowsError(try importing.register(buffer)) {
      XCTAssertEqual(($0 as? RegistrationRefused)?.cause, .sampling, "\($0)")
    }
    XCTAssertEqual(try importing.texture(for: buffer).route, .uploaded)
  }

  func testTiledImageThatNoDeviceListsIsRefusedByItsFormat() throws {
    let gpu = try TestDevice.importing()
    let pool = try TexturePool(for: [], from: [MemfdHeap()])
    let memory = try pool.allocate(
      ImageDescriptor(width: 64, height: 64, formats: [.xrgb8888]), for: .exportable)
    let tiled = Format(.xrgb8888, Modifier(rawValue: 0x0100_0000_0000_0004))
    let exported = try memory.export()
    let buffer = try TextureBuffer(
      adopting: AdoptedImage(
        ImageSize(width: 64, height: 64), tiled, [.init(exported.descriptor, pitch: 256)]))
    XCTAssertThrowsError(try gpu.texture(for: buffer)) {
      XCTAssertEqual(($0 as? RegistrationRefused)?.cause, .format, "\($0)")
    }
  }

  private func write(_ pixels: [UInt8], into buffer: TextureBuffer) {
    var writer = buffer.writer()
    writer.write(pixels.span, row: 0)
  }
}

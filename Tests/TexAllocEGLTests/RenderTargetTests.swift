import ProgramSupport
import TestSupport
import TexAlloc
import TexAllocEGL
import XCTest

final class RenderTargetTests: XCTestCase {
  func testWhatIsRenderedIsInTheBuffersMemory() throws {
    let gpu = try TestDevice.importing()
    let pool = try TexturePool(for: [gpu])
    for fourcc in [Fourcc.abgr8888, .xbgr8888, .argb8888] {
      let buffer = try pool.allocate(
        ImageDescriptor(width: 37, height: 11, formats: [fourcc]), for: .renderTarget)
      let target = try gpu.registerForRendering(buffer)
      let canvas = try Canvas(
        width: buffer.layout.width, height: buffer.layout.height, framebuffer: target.framebuffer)
      canvas.clear([1, 0, 0, 1])
      try canvas.draw([.init(x: 0, y: 10, width: 37, height: 1, tint: [0, 1, 0, 1])], from: .none)
      _ = try canvas.readPixels()  // waits for the GPU
      // The fourth byte of XB24 means nothing.
      let red: [UInt8] = fourcc == .argb8888 ? [0, 0, 255] : [255, 0, 0]
      let pitch = buffer.layout.planes[0].pitch
      let pixels = try buffer.withContents { bytes in
        (0..<11 * 37).map { pixel in
          (0..<3).map { bytes[pixel / 37 * pitch + pixel % 37 * 4 + $0] }
        }
      }
      XCTAssertTrue(pixels.prefix(10 * 37).allSatisfy { $0 == red }, "\(fourcc)")
      XCTAssertTrue(pixels.suffix(37).allSatisfy { $0 == [0, 255, 0] }, "\(fourcc)")
    }
  }

  func testTheSameBufferHasTheSameTarget() throws {
    let gpu = try TestDevice.importing()
    let buffer = try TexturePool(for: [gpu]).allocate(
      ImageDescriptor(width: 8, height: 8, formats: [.abgr8888]), for: [.texture, .renderTarget])
    let target = try gpu.registerForRendering(buffer)
    XCTAssertTrue(try gpu.registerForRendering(buffer) === target)
    XCTAssertTrue(try gpu.register(buffer) === target.texture)
    XCTAssertTrue(target.buffer === buffer)
  }

  func testASlotReturnsOnceTheTargetIsCollected() throws {
    let gpu = try TestDevice.importing()
    let pool = try TexturePool(for: [gpu])
    let image = ImageDescriptor(width: 8, height: 8, formats: [.abgr8888])
    do { _ = try gpu.registerForRendering(pool.allocate(image, for: .renderTarget)) }
    XCTAssertEqual(pool.statistics.slots, 1)
    try gpu.collect()
    XCTAssertEqual(gpu.statistics.liveImages, 0)
    _ = try Canvas(width: 1, height: 1).readPixels()  // waits for the GPU
    let next = try pool.allocate(image, for: .renderTarget)
    XCTAssertLessThanOrEqual(pool.statistics.slots, 2)
    XCTAssertNoThrow(try gpu.registerForRendering(next))
  }

  func testWhatCannotBeRenderedIntoIsRefusedWithAField() throws {
    let gpu = try TestDevice.importing()
    let yuyv = try TexturePool(for: []).allocate(
      ImageDescriptor(width: 8, height: 8, formats: [.yuyv]), for: .renderTarget)
    XCTAssertThrowsError(try gpu.registerForRendering(yuyv)) {
      let cause = ($0 as? RegistrationRefused)?.cause
      XCTAssertTrue([.framebuffer, .format, .externalOnly].contains(cause), "\($0)")
    }
    let photograph = try TexturePool(for: [gpu]).allocate(
      ImageDescriptor(width: 8, height: 8, formats: [.abgr8888]))
    for make in [gpu.registerForRendering, gpu.renderTarget(for:)] {
      XCTAssertThrowsError(try make(photograph)) {
        XCTAssertEqual(($0 as? RegistrationRefused)?.cause, .deviceUsage)
        XCTAssertEqual(($0 as? RegistrationRefused)?.wanted, "render")
        XCTAssertEqual(($0 as? RegistrationRefused)?.held, "sample")
      }
    }
    let packed = try TexturePool(for: []).allocate(
      ImageDescriptor(width: 8, height: 8, formats: [.rgb565]), for: .renderTarget)
    let uploading = try EGLDevice.surfaceless(.tested, route: .uploaded)
    XCTAssertThrowsError(try uploading.renderTarget(for: packed)) {
      XCTAssertEqual(($0 as? RegistrationRefused)?.cause, .format)
    }
  }
}

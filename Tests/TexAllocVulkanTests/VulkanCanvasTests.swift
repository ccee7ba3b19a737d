import TestSupport
import TexAlloc
import XCTest

@testable import TexAllocVulkan

/// Drawing textures, by every route.
final class VulkanCanvasTests: VulkanTestCase {
  private let size = ImageSize(width: 16, height: 8)
  private let red = SIMD4<Float>(1, 0, 0, 1)

  func testQuadsCoverEachOtherInTheOrderInWhichTheyAreDrawn() throws {
    let canvas = try VulkanCanvas(size, on: device())
    canvas.clear([0, 0, 1, 1])
    try canvas.draw(
      [quad(0, 0, 8, 8, tint: red), quad(4, 0, 8, 8, tint: [0, 0.5, 0, 0.5])], from: .none)
    for _ in 0..<2 {
      let pixels = try canvas.readPixels()
      XCTAssertEqual(pixel(0, 0, of: pixels), [255, 0, 0, 255])
      XCTAssertEqual(pixel(5, 7, of: pixels)[0], 128, accuracy: 1)
      XCTAssertEqual(pixel(11, 0, of: pixels)[2], 128, accuracy: 1)
      XCTAssertEqual(pixel(15, 7, of: pixels), [0, 0, 255, 255])
    }
    canvas.clear(red)
    XCTAssertEqual(pixel(9, 3, of: try canvas.readPixels()), [255, 0, 0, 255])
  }

  func testATextureIsDrawnByEitherRoute() throws {
    for route in [Route.imported, .transferred] {
      let gpu = try device(route: route)
      let pool = try TexturePool(for: [gpu])
      let image = try pool.allocate(ImageDescriptor(width: 16, height: 8, formats: [.abgr8888]))
      image.paint(200)
      let coverage = try pool.allocate(ImageDescriptor(width: 16, height: 8, formats: [.r8]))
      coverage.paint(51)
      let canvas = try VulkanCanvas(size, on: gpu)
      canvas.clear([0, 0, 0, 1])
      try canvas.draw([quad(0, 0, 8, 8, tint: .one)], from: .image(gpu.register(image)))
      try canvas.draw([quad(8, 0, 8, 8, tint: red)], from: .coverage(gpu.register(coverage)))
      let pixels = try canvas.readPixels()
      XCTAssertEqual(pixel(3, 3, of: pixels)[0], 200)
      XCTAssertEqual(pixel(12, 3, of: pixels)[0], 51)
      XCTAssertEqual(pixel(12, 3, of: pixels)[1], 0)
    }
  }

  func testWhatCannotBeDrawnIsRefused() throws {
    let gpu = try device()
    let buffer = try TexturePool(for: [gpu]).allocate(
      ImageDescriptor(width: 16, height: 8, formats: [.nv12]))
    buffer.paint(1)
    let canvas = try VulkanCanvas(size, on: gpu)
    XCTAssertThrowsError(
      try canvas.draw([quad(0, 0, 1, 1, tint: .one)], from: .image(gpu.register(buffer)))
    ) { XCTAssertEqual(($0 as? VulkanFailure)?.isUnsupported, true) }
    XCTAssertThrowsError(try VulkanCanvas(ImageSize(width: 1 << 20, height: 1), on: gpu))
  }

  private func quad(
    _ x: Float, _ y: Float, _ width: Float, _ height: Float, tint: SIMD4<Float>
  ) -> VulkanCanvas.Quad {
    VulkanCanvas.Quad(
      frame: [x, y, width, height], texels: [x, y, width, 0], below: [0, height, 0, 0], tint: tint)
  }

  private func pixel(_ x: Int, _ y: Int, of pixels: [UInt8]) -> [UInt8] {
    Array(pixels[(y * size.width + x) * 4..<(y * size.width + x + 1) * 4])
  }
}

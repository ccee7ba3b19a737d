import CEGL
import CNarrowEGL
import ProgramSupport
import TestSupport
import TexAlloc
import XCTest

@testable import TexAllocEGL

/// Render targets, also of buffers that the GPU cannot render into.
final class ReadBackTests: XCTestCase {
  /// Which of red, green, blue and alpha each byte is.
  private let formats: [(fourcc: Fourcc, channels: [Int?])] = [
    (.abgr8888, [0, 1, 2, 3]), (.xbgr8888, [0, 1, 2, nil]), (.argb8888, [2, 1, 0, 3]),
    (.xrgb8888, [2, 1, 0, nil]), (.rgb888, [2, 1, 0]), (.gr88, [0, 1]), (.r8, [0]),
  ]
  private let (picture, lastRow) = (
    [255, 51, 102, 153] as [UInt8], [51, 255, 153, 255] as [UInt8]
  )

  override func tearDown() { narrow_egl_set(narrow_egl()) }

  func testOnEveryRouteTheBufferHasWhatWasRendered() throws {
    for route in Route.allCases {
      let gpu = try device(route)
      let pool = try TexturePool(for: [gpu])
      for (fourcc, channels) in formats {
        let image = ImageDescriptor(width: 37, height: 11, formats: [fourcc])
        guard let buffer = try? pool.allocate(image, for: [.renderTarget, .cpuRead]) else {
          XCTAssertEqual(fourcc, .rgb888, "\(route)")  // no driver imports it
          XCTAssertEqual(route, .imported)
          continue
        }
        if route == .transferred && fourcc == .rgb888 {
          XCTAssertThrowsError(try gpu.renderTarget(for: buffer)) {
            XCTAssertEqual(($0 as? RegistrationRefused)?.held, "uploaded")  // bytes out of order
          }
          continue
        }
        let target = try gpu.renderTarget(for: buffer)
        XCTAssertEqual(target.route, route)
        XCTAssertEqual(target.reason, route == .imported ? nil : "\(route) was demanded")
        try draw(on: target)
        XCTAssertTrue(try target.finish().wait(until: .now + .seconds(60)))
        let pixels = try buffer.pixels()
        for pixel in 0..<37 * 11 {
          let held = Array(pixels[pixel * channels.count..<(pixel + 1) * channels.count])
          let shown = pixel < 37 * 10 ? picture : lastRow
          let wanted = zip(channels, held).map { channel, byte in channel.map { shown[$0] } ?? byte
          }
          XCTAssertEqual(held, wanted, "\(route), \(fourcc), pixel \(pixel)")
        }
      }
      XCTAssertGreaterThanOrEqual(gpu.statistics.renderTargets(route), 6)
    }
  }

  func testOnlyTheRowsThatAreFinishedAreCopied() throws {
    for route in [Route.transferred, .uploaded] {
      let gpu = try device(route)
      let buffer = try TexturePool(for: [gpu]).allocate(
        ImageDescriptor(width: 37, height: 11, formats: [.abgr8888]),
        for: [.renderTarget, .cpuRead])
      do {
        var writer = buffer.writer()
        writer.fill(0..<11, with: 7)
      }
      let target = try gpu.renderTarget(for: buffer)
      try draw(on: target)
      XCTAssertTrue(try target.finish(rows: 9..<11).wait(until: .now + .seconds(60)))
      let pixels = try buffer.pixels()
      XCTAssertTrue(pixels[..<(9 * 37 * 4)].allSatisfy { $0 == 7 }, "\(route)")
      XCTAssertEqual(Array(pixels[(9 * 37 * 4)...].prefix(4)), picture, "\(route)")
      XCTAssertEqual(Array(pixels.suffix(4)), lastRow, "\(route)")
      XCTAssertEqual(gpu.statistics.bytesCopied(route), 2 * 37 * 4)
    }
  }

  func testAnImportThatFailsLeadsToTheSamePictureAndSaysWhy() throws {
    let gpu = try TestDevice.importing()
    let pool = try TexturePool(for: [gpu])
    let image = ImageDescriptor(width: 37, height: 11, formats: [.argb8888])
    let buffers = try (0..<2).map { _ in
      try pool.allocate(image, for: [.renderTarget, .cpuRead])
    }
    let imported = try gpu.renderTarget(for: buffers[0])
    var narrowing = narrow_egl()
    narrowing.failures = .max
    narrow_egl_set(narrowing)
    let readBack = try gpu.renderTarget(for: buffers[1])
    XCTAssertEqual(readBack.route, .uploaded)
    XCTAssertTrue(readBack.reason?.contains("eglCreateImage") ?? false, readBack.reason ?? "none")
    XCTAssertTrue(try gpu.renderTarget(for: buffers[1]) === readBack)
    XCTAssertThrowsError(try gpu.registerForRendering(buffers[1])) {
      XCTAssertEqual(($0 as? RegistrationRefused)?.cause, .noImport)
    }
    for target in [imported, readBack] {
      try draw(on: target)
      XCTAssertTrue(try target.finish().wait(until: .now + .seconds(60)))
    }
    XCTAssertEqual(try buffers[0].pixels(), try buffers[1].pixels())
  }

  /// The driver here has copied when the call returns, so its fence is kept from passing.
  func testASlotIsNotReusedBeforeTheGPUHasCopiedIntoIt() throws {
    let gpu = try EGLDevice.surfaceless(.tested)
    let pool = try TexturePool(for: [], from: [gpu.mappedBuffers().read])
    let image = ImageDescriptor(width: 37, height: 11, formats: [.abgr8888])
    var narrowing = narrow_egl()
    narrowing.fails_to_wait = true
    narrow_egl_set(narrowing)
    do {
      let target = try gpu.renderTarget(for: pool.allocate(image, for: .renderTarget))
      XCTAssertEqual(target.route, .transferred)
      try draw(on: target)
      try target.finish()
    }
    XCTAssertEqual(pool.statistics.waitingSlots, 1)
    narrow_egl_set(narrow_egl())
    glFinish()
    _ = try pool.allocate(image, for: .renderTarget)
    XCTAssertEqual(pool.statistics.waitingSlots, 0)
  }

  private func device(_ route: Route) throws -> EGLDevice {
    let gpu = try EGLDevice.surfaceless(.tested, route: route)
    if route == .imported, let obstacle = gpu.importObstacle {
      throw XCTSkip("no import here: \(obstacle)")
    }
    return gpu
  }

  /// A picture whose last row, and no other, is of another colour.
  private func draw(on target: RenderTarget) throws {
    let canvas = try Canvas(width: 37, height: 11, framebuffer: target.framebuffer)
    canvas.clear(colour(picture))
    try canvas.draw([.init(x: 0, y: 10, width: 37, height: 1, tint: colour(lastRow))], from: .none)
  }

  private func colour(_ bytes: [UInt8]) -> SIMD4<Float> {
    SIMD4(bytes.map { Float($0) / 255 })
  }
}

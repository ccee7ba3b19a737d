import CEGL
import CNarrowEGL
import SystemPackage
import TestSupport
import TexAlloc
import XCTest

@testable import TexAllocEGL

/// Images of luma and chroma: what the public shader shows of them is what their planes are in floating
/// point, by every route.
final class PlaneTextureTests: XCTestCase {
  private let formats = [
    Fourcc.nv12, .nv16, .nv24, .p010, .yuv420, .yuv422, .yuv411, .yuv444,
  ]
  private let colours = [
    Colour.picture, .video,
    Colour(matrix: .bt2020, range: .limited, horizontalSiting: .cosited, verticalSiting: .cosited),
    Colour(matrix: .bt709, range: .full, verticalSiting: .cosited),
  ]

  override func tearDown() { narrow_egl_set(narrow_egl()) }

  func testPlanesShowTheirColoursByEveryRoute() throws {
    for route in Route.allCases {
      let gpu =
        route == .imported
        ? try TestDevice.importing() : try EGLDevice.surfaceless(.tested, route: route)
      let pool = try TexturePool(for: [gpu])
      for fourcc in formats {
        for (index, colour) in colours.enumerated() {
          for (width, height) in [(37, 11), (1, 1), (64, 6)] {
            let image = ImageDescriptor(
              width: width, height: height, formats: [fourcc], colour: colour)
            let (first, buffer) = (try pool.allocate(image), try pool.allocate(image))
            XCTAssertNotEqual(first.offset, buffer.offset)
            XCTAssertEqual(buffer.route, route, "\(fourcc): \(buffer.plan?.obstacle ?? "")")
            let texture = try shown(buffer, seed: UInt64(index), on: gpu)
            XCTAssertEqual(texture.route, route, texture.reason ?? "")
            XCTAssertEqual(texture.colour, colour)
          }
        }
      }
    }
  }

  func testAPlaneSaysItsNameTargetSizeAndFormat() throws {
    let gpu = try EGLDevice.surfaceless(.tested, route: .uploaded)
    let pool = try TexturePool(for: [gpu])
    let image = ImageDescriptor(width: 37, height: 11, formats: [.nv12])
    let planes = try gpu.texture(for: pool.allocate(image)).planes
    XCTAssertEqual(planes.map(\.format), [.r8, .gr88])
    XCTAssertEqual(
      planes.map(\.size), [ImageSize(width: 37, height: 11), ImageSize(width: 19, height: 6)])
    XCTAssertEqual(Set(planes.map(\.target)), [UInt32(GL_TEXTURE_2D)])
    XCTAssertEqual(Set(planes.map(\.name)).count, 2)
    let plain = try gpu.texture(
      for: pool.allocate(ImageDescriptor(width: 4, height: 4, formats: [.abgr8888])))
    XCTAssertEqual(plain.planes.map(\.name), [plain.name])
    XCTAssertEqual(plain.planes.map(\.format), [.abgr8888])
  }

  func testRowsThatChangedAreShownInEveryPlane() throws {
    for route in Route.allCases {
      let gpu =
        route == .imported
        ? try TestDevice.importing() : try EGLDevice.surfaceless(.tested, route: route)
      let pool = try TexturePool(for: [gpu])
      for fourcc in [Fourcc.nv12, .yuv420] {
        let image = ImageDescriptor(width: 21, height: 9, formats: [fourcc])
        let buffer = try pool.allocate(image, for: [.texture, .rewritten])
        let texture = try shown(buffer, seed: 1, on: gpu)
        let reference = PlaneReference(buffer.layout, seed: 2)
        reference.write(into: buffer)
        try texture.contentsChanged(rows: 0..<4)
        try texture.contentsChanged(rows: 4..<9)
        try texture.assertShows(reference)
      }
    }
  }

  func testADriverThatListsAFormatAndRefusesItLeadsToPlanesAndTellsSo() throws {
    let gpu = try TestDevice.importing()
    let pool = try TexturePool(for: [gpu])
    for fourcc in [Fourcc.nv12, .yuv420] {
      let buffer = try pool.allocate(ImageDescriptor(width: 32, height: 8, formats: [fourcc]))
      let texture = try shown(buffer, seed: 3, on: gpu)
      guard texture.planes.count > 1 else { continue }  // this driver does it
      let reason = try XCTUnwrap(texture.reason)
      XCTAssertTrue(reason.hasPrefix("plane by plane"), reason)
      let isListed = gpu.importer?.advertised(Format(fourcc)) != nil
      XCTAssertTrue(reason.contains(isListed ? "eglCreateImage" : "does not import"), reason)
    }
  }

  func testKeptPlanesAreTakenOverTogether() throws {
    let gpu = try TestDevice.importing()
    let pool = try TexturePool(for: [gpu])
    let image = ImageDescriptor(width: 32, height: 8, formats: [.nv12])
    let first = try shown(pool.allocate(image), seed: 4, on: gpu).planes.map(\.name)
    XCTAssertEqual(try gpu.collect(), first)
    XCTAssertEqual(gpu.statistics.keptImages, first.count)
    XCTAssertEqual(gpu.statistics.liveImages, 0)
    let live = narrow_egl_live_images()
    let second = try shown(pool.allocate(image), seed: 5, on: gpu)
    XCTAssertEqual(second.planes.map(\.name), first)
    XCTAssertEqual(narrow_egl_live_images(), live)
    XCTAssertEqual(gpu.statistics.liveImages, first.count)
    XCTAssertNotNil(second.reason)
  }

  func testPlanesHaveMipmapsWhereTheyAreAskedFor() throws {
    let gpu = try EGLDevice.surfaceless(.tested)
    let pool = try TexturePool(for: [gpu])
    let image = ImageDescriptor(width: 37, height: 11, formats: [.yuv420])
    let texture = try shown(pool.allocate(image, for: [.texture, .mipmapped]), seed: 8, on: gpu)
    XCTAssertTrue(texture.isMipmapped)
    XCTAssertEqual(texture.planes.count, 3)
    let uploading = try EGLDevice.surfaceless(.tested, route: .uploaded)
    let other = try TexturePool(for: [uploading]).allocate(image, for: [.texture, .rewritten])
    let plain = try shown(other, seed: 9, on: uploading)
    let larger = try plain.mipmapped()
    XCTAssertNotEqual(larger.planes.map(\.name), plain.planes.map(\.name))
    try larger.assertShows(PlaneReference(other.layout, seed: 9))
  }

  func testPackedPixelsAreAnExternalTextureOfTheRightColours() throws {
    let gpu = try TestDevice.importing()
    let pool = try TexturePool(for: [gpu])
    for fourcc in [Fourcc.yuyv, .uyvy] {
      for colour in colours {
        let buffer = try pool.allocate(
          ImageDescriptor(width: 70, height: 18, formats: [fourcc], colour: colour))
        let texture = try gpu.register(buffer)
        XCTAssertEqual(texture.target, UInt32(GL_TEXTURE_EXTERNAL_OES))
        XCTAssertEqual(texture.check, .trial)
        XCTAssertEqual(texture.planes.count, 1)
        let reference = PlaneReference(buffer.layout, seed: 6, patch: 8)
        reference.write(into: buffer)
        try texture.assertShows(reference, within: 3) { x in 2...5 ~= x % 8 }
      }
    }
  }

  func testDesktopOpenGLShowsPlanesToo() throws {
    for route in Route.allCases {
      let toolkit = try ToolkitContext(ToolkitContext.traits(.leastDesktop, profile: 1))
      let gpu = try EGLDevice.current(route: route)
      let pool = try TexturePool(for: [gpu])
      for fourcc in [Fourcc.nv12, .yuv420] {
        let image = ImageDescriptor(width: 37, height: 11, formats: [fourcc], colour: .video)
        guard let buffer = try? pool.allocate(image) else { continue }
        let texture = try shown(buffer, seed: 7, on: gpu)
        XCTAssertGreaterThan(texture.planes.count, 1)
        if route == .imported {
          XCTAssertTrue(texture.reason?.contains("external") ?? false, texture.reason ?? "")
        }
      }
      try gpu.close()
      withExtendedLifetime(toolkit) {}
    }
  }

  /// A texture of the buffer, which shows what is written into that.
  private func shown(_ buffer: TextureBuffer, seed: UInt64, on gpu: EGLDevice) throws -> Texture {
    let reference = PlaneReference(buffer.layout, seed: seed)
    reference.write(into: buffer)
    let texture = try gpu.texture(for: buffer)
    try texture.assertShows(reference)
    return texture
  }
}

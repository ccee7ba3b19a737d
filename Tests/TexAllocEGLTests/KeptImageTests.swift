import CEGL
import CNarrowEGL
import TestSupport
import TexAlloc
import XCTest

@testable import TexAllocEGL

/// What becomes of the EGLImage of a texture that is gone.
final class KeptImageTests: XCTestCase {
  private let image = ImageDescriptor(width: 32, height: 8, formats: [.abgr8888])

  override func tearDown() { narrow_egl_set(narrow_egl()) }

  func testTheNextImageAtThePlaceTakesTheEGLImageOver() throws {
    let gpu = try TestDevice.importing()
    let pool = try TexturePool(for: [gpu])
    let (name, offset) = try shown(50, from: pool, on: gpu) { texture in
      withTextureBound(texture.name) {
        glTexParameteri(GLenum(GL_TEXTURE_2D), GLenum(GL_TEXTURE_MIN_FILTER), GL_NEAREST)
        glTexParameteri(GLenum(GL_TEXTURE_2D), GLenum(GL_TEXTURE_SWIZZLE_R), GL_ZERO)
      }
      return (texture.name, texture.buffer.offset)
    }
    XCTAssertEqual(gpu.statistics.keptImages, 1)
    XCTAssertEqual(gpu.statistics.liveImages, 0)
    let live = narrow_egl_live_images()
    try shown(90, from: pool, on: gpu) { texture in
      XCTAssertEqual(texture.buffer.offset, offset)
      XCTAssertEqual(texture.name, name)
      XCTAssertEqual(texture.check, .trial)
      XCTAssertEqual(narrow_egl_live_images(), live)
      XCTAssertEqual(texture.parameter(GL_TEXTURE_MIN_FILTER), GL_LINEAR)
      XCTAssertEqual(gpu.statistics.keptImages, 0)
    }
    XCTAssertEqual(gpu.statistics.reusedImages, 1)
  }

  func testHowTheLastTenantWasSampledIsForgotten() throws {
    let desktop = ToolkitContext.traits(.leastDesktop, profile: 1)
    for (traits, isExternal) in [(ContextTraits.own, false), (.own, true), (desktop, false)] {
      var narrowing = narrow_egl()
      narrowing.is_external_only = isExternal
      narrow_egl_set(narrowing)
      let toolkit = try ToolkitContext(traits)
      let gpu = try EGLDevice.current(route: .imported)
      if let obstacle = gpu.importObstacle { throw XCTSkip("no import here: \(obstacle)") }
      gpu.onPendingErrors = { XCTFail("\($0)") }
      var settings = [(GL_TEXTURE_MAG_FILTER, GL_NEAREST)]
      if !isExternal { settings.append((GL_TEXTURE_MAX_LEVEL, 0)) }
      if glExtensions().contains("GL_EXT_texture_filter_anisotropic") {
        settings.append((GL_TEXTURE_MAX_ANISOTROPY_EXT, 2))
      }
      if traits.version.api == .openGL { settings.append((GL_TEXTURE_LOD_BIAS, 1)) }
      let pool = try TexturePool(for: [gpu])
      let (name, found) = try shown(50, from: pool, on: gpu) { texture in
        let found = settings.map { texture.parameter($0.0) }
        XCTAssertEqual(texture.target == UInt32(GL_TEXTURE_EXTERNAL_OES), isExternal)
        texture.set(settings)
        XCTAssertEqual(settings.map { texture.parameter($0.0) }, settings.map(\.1))
        return (texture.name, found)
      }
      try shown(90, from: pool, on: gpu) { texture in
        XCTAssertEqual(texture.name, name)
        XCTAssertEqual(settings.map { texture.parameter($0.0) }, found, "\(traits.version)")
      }
      try gpu.close()
      withExtendedLifetime(toolkit) {}
    }
  }

  func testAnImageThatLiesOtherwiseGetsOneOfItsOwn() throws {
    let gpu = try TestDevice.importing()
    let pool = try TexturePool(for: [gpu])
    _ = try shown(50, from: pool, on: gpu) { _ in }
    let live = narrow_egl_live_images()
    let narrower = ImageDescriptor(width: 31, height: 8, formats: [.abgr8888])
    _ = try shown(60, of: narrower, from: pool, on: gpu) { _ in }
    XCTAssertEqual(gpu.statistics.reusedImages, 0)
    XCTAssertEqual(gpu.statistics.keptImages, 1, "the newest of a place")
    XCTAssertEqual(narrow_egl_live_images(), live)
  }

  func testASlabThatGoesTakesItsImagesAlong() throws {
    let gpu = try TestDevice.importing()
    let pool = try TexturePool(for: [gpu])
    let live = narrow_egl_live_images()
    _ = try shown(50, from: pool, on: gpu) { _ in }
    XCTAssertEqual(narrow_egl_live_images(), live + 1)
    XCTAssertTrue(try gpu.makeFence().wait(until: .now + .seconds(60)))
    pool.trim()
    XCTAssertEqual(pool.statistics.slabs, 0)
    try gpu.collect()
    XCTAssertEqual(gpu.statistics.keptImages, 0)
    XCTAssertEqual(narrow_egl_live_images(), live)
  }

  func testNothingIsLeftOfADeviceThatIsTrimmedClosedLostOrGone() throws {
    let live = narrow_egl_live_images()
    for end in 0..<4 {
      do {
        let gpu = try TestDevice.importing()
        let pool = try TexturePool(for: [])
        _ = try shown(50, from: pool, on: gpu) { _ in }
        XCTAssertEqual(narrow_egl_live_images(), live + 1)
        switch end {
        case 0: try gpu.trim()
        case 1: try gpu.close()
        case 2: gpu.contextWasLost()
        default: break
        }
        if end < 3 { XCTAssertEqual(narrow_egl_live_images(), live, "\(end)") }
      }
      XCTAssertEqual(narrow_egl_live_images(), live, "\(end)")
    }
  }

  func testKeptImagesMakeRoomForNewOnes() throws {
    var kept = KeptImages()
    let pool = try TexturePool(for: [])
    let buffers = try (0..<10).map { _ in try pool.allocate(image) }
    for (index, buffer) in buffers.enumerated() {
      let objects = TextureObjects([.init(name: GLuint(index), image: nil)], as: .image)
      XCTAssertNil(kept.keep(objects, of: buffer, in: 1))
    }
    XCTAssertEqual(kept.removeOldest(downTo: 7).map(\.name), [0, 1, 2])
    XCTAssertNil(kept.take(for: buffers[2]))
    XCTAssertEqual(kept.take(for: buffers[3])?.objects.name, 3)
    XCTAssertEqual(kept.count, 6)
  }

  func testACopyTakesOverATextureOfItsShapeAndShowsItsOwnPixels() throws {
    let gpu = try EGLDevice.surfaceless(.tested, route: .uploaded)
    let pool = try TexturePool(for: [gpu])
    func name(_ value: UInt8, _ image: ImageDescriptor) throws -> UInt32 {
      let name: UInt32
      do {
        let buffer = try pool.allocate(image)
        do {
          var writer = buffer.writer()
          writer.fill(0..<image.height, with: value)
        }
        let texture = try gpu.texture(for: buffer)
        XCTAssertEqual(try texture.shownPixels().first, value)
        name = texture.name
      }
      try gpu.collect()
      return name
    }
    let first = try name(10, image)
    XCTAssertEqual(try name(20, image), first)
    let blueFirst = ImageDescriptor(width: 32, height: 8, formats: [.argb8888])
    XCTAssertNotEqual(try name(30, blueFirst), first)
    XCTAssertEqual(try name(40, image), first)
    try gpu.trim()
    XCTAssertEqual(glIsTexture(first), GLboolean(GL_FALSE))
  }

  func testKeptTexturesAreFewAndSmall() throws {
    var kept = KeptTextures()
    let pool = try TexturePool(for: [])
    let layout = try pool.allocate(
      ImageDescriptor(width: 1024, height: 1024, formats: [.abgr8888])
    ).layout
    func given(_ name: Int, _ layout: ImageLayout) -> [GLuint] {
      kept.keep(
        TextureObjects([.init(name: GLuint(name), image: nil)], as: .image), of: layout,
        mipmapped: false, in: 1
      ).map(\.name)
    }
    for name in 1...8 { XCTAssertEqual(given(name, layout), []) }
    XCTAssertEqual(given(9, layout), [1])
    XCTAssertNil(kept.take(.init(of: layout, mipmapped: false, in: 2)))
    XCTAssertEqual(kept.take(.init(of: layout, mipmapped: false, in: 1))?.name, 9)
    let small = try pool.allocate(image).layout
    for name in 10..<67 { XCTAssertEqual(given(name, small), []) }
    XCTAssertEqual(given(67, small), [2])
    XCTAssertEqual(kept.removeAll().count, 64)
  }

  /// What the body finds of a texture that is gone and collected afterwards.
  @discardableResult
  private func shown<Finding>(
    _ value: UInt8, of descriptor: ImageDescriptor? = nil, from pool: TexturePool,
    on gpu: EGLDevice, _ body: (Texture) throws -> Finding
  ) throws -> Finding {
    let finding: Finding
    do {
      let image = descriptor ?? self.image
      let buffer = try pool.allocate(image)
      do {
        var writer = buffer.writer()
        writer.fill(0..<image.height, with: value)
      }
      let texture = try gpu.register(buffer)
      finding = try body(texture)
      XCTAssertEqual(
        Set(
          try texture.shownPixels().enumerated().filter { $0.offset % 4 == 1 }
            .map(\.element)), [value])
    }
    try gpu.collect()
    XCTAssertTrue(try gpu.makeFence().wait(until: .now + .seconds(60)))
    return finding
  }
}

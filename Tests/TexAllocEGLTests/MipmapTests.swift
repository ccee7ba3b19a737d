import CEGL
import TestSupport
import TexAlloc
import XCTest

@testable import TexAllocEGL

/// Smaller sizes of textures of the GPU's own.
final class MipmapTests: XCTestCase {
  private let image = ImageDescriptor(width: 20, height: 6, formats: [.abgr8888])

  func testAnImageAllocatedForMipmapsHasThemAndIsNotImported() throws {
    let gpu = try EGLDevice.surfaceless(.tested)
    let pool = try TexturePool(for: [gpu])
    XCTAssertNotEqual(try pool.plan(for: image, [.texture, .mipmapped]).route, .imported)
    let texture = try gpu.texture(for: pool.painted(image, 40, [.texture, .mipmapped]))
    XCTAssertTrue(texture.isMipmapped)
    XCTAssertTrue(texture.buffer.isSpent)
    XCTAssertEqual(try levels(of: texture), [[20, 6], [10, 3], [5, 1], [2, 1], [1, 1]])
    for level in 0..<5 { XCTAssertEqual(try shown(texture, level), 40, "level \(level)") }
  }

  func testTheGPUMakesThemAfterEachCopy() throws {
    for route in [Route.transferred, .uploaded] {
      let gpu = try EGLDevice.surfaceless(.tested, route: route)
      let pool = try TexturePool(for: [gpu])
      let texture = try gpu.texture(
        for: pool.painted(image, 8, [.texture, .mipmapped, .rewritten]))
      XCTAssertEqual(texture.route, route)
      XCTAssertEqual(try shown(texture, 4), 8)
      texture.buffer.paint(200)
      try texture.contentsChanged()
      XCTAssertEqual(try shown(texture, 4), 200, "\(route)")
    }
  }

  func testASpentImageCanBeGivenThemLater() throws {
    for traits in [ContextTraits.own, ToolkitContext.traits(.leastDesktop, profile: 1)] {
      for route in [Route.transferred, .uploaded] {
        let toolkit = try ToolkitContext(traits)
        let gpu = try EGLDevice.current(route: route)
        let pool = try TexturePool(for: [gpu])
        let plain = try gpu.texture(for: pool.painted(image, 77))
        XCTAssertFalse(plain.isMipmapped)
        XCTAssertTrue(plain.buffer.isSpent)
        let texture = try gpu.texture(for: plain.buffer, mipmapped: true)
        XCTAssertNotEqual(texture.name, plain.name)
        XCTAssertEqual(texture.route, route)
        XCTAssertEqual(texture.bytesUploaded + texture.bytesTransferred, 0)
        for level in 0..<5 { XCTAssertEqual(try shown(texture, level), 77, "\(route), \(level)") }
        XCTAssertTrue(try plain.mipmapped() === texture)
        XCTAssertTrue(try texture.mipmapped() === texture)
        XCTAssertTrue(try gpu.texture(for: plain.buffer) === plain)
        try gpu.close()
        XCTAssertEqual(glIsTexture(plain.name), 0)
        XCTAssertEqual(glIsTexture(texture.name), 0)
        withExtendedLifetime(toolkit) {}
      }
    }
  }

  func testAnImportRefusesThemAndTheNextRouteIsTaken() throws {
    let gpu = try TestDevice.importing()
    let pool = try TexturePool(for: [gpu])
    let imported = try gpu.register(pool.painted(image, 9))
    XCTAssertEqual(imported.route, .imported)
    XCTAssertThrowsError(try imported.mipmapped()) {
      XCTAssertEqual(($0 as? RegistrationRefused)?.cause, .mipmaps)
    }
    let texture = try gpu.texture(for: imported.buffer, mipmapped: true)
    XCTAssertEqual(texture.route, .uploaded)
    XCTAssertTrue(texture.reason?.contains("mipmaps") ?? false, texture.reason ?? "none")
    XCTAssertEqual(try shown(texture, 2), 9)
    XCTAssertFalse(texture.buffer.isSpent, "the import goes on showing it")
    XCTAssertTrue(try gpu.texture(for: imported.buffer) === imported)

    let only = try EGLDevice.surfaceless(.tested, route: .imported)
    XCTAssertThrowsError(try only.texture(for: imported.buffer, mipmapped: true)) {
      XCTAssertEqual(($0 as? RegistrationRefused)?.cause, .mipmaps)
    }
    XCTAssertThrowsError(
      try TexturePool(for: [only]).allocate(image, for: [.texture, .mipmapped])
    ) { XCTAssertTrue("\($0)".contains("mipmap"), "\($0)") }
  }

  func testMemoryThatAnImportStillUsesIsNotSpentByACopy() throws {
    let gpu = try TestDevice.importing()
    let pool = try TexturePool(for: [gpu])
    let buffer = try pool.painted(image, 9)
    do { _ = try gpu.register(buffer) }
    _ = try gpu.texture(for: buffer, mipmapped: true)
    XCTAssertFalse(buffer.isSpent, "what is gone waits to be collected")
  }

  /// OpenGL ES makes none of SRGB8, which it does not render.
  func testAFormatThatCannotHaveThemIsRefusedAndShownWithout() throws {
    let gpu = try EGLDevice.surfaceless(.tested, route: .uploaded)
    let pool = try TexturePool(for: [gpu])
    var light = ImageDescriptor(width: 8, height: 8, formats: [.rgb888])
    light.sampling = .asLight
    let buffer = try pool.allocate(light)
    if !gpu.description.isSoftware,
      (try? gpu.texture(for: pool.allocate(light), mipmapped: true)) != nil
    {
      throw XCTSkip("the driver makes them, although it need not")
    }
    XCTAssertThrowsError(try gpu.texture(for: buffer, mipmapped: true)) {
      XCTAssertEqual(($0 as? RegistrationRefused)?.cause, .mipmaps, "\($0)")
    }
    XCTAssertFalse(buffer.isSpent)
    XCTAssertFalse(try gpu.texture(for: buffer).isMipmapped)
  }

  func testKeptTexturesWithAndWithoutThemAreNotTakenForEachOther() throws {
    let gpu = try EGLDevice.surfaceless(.tested, route: .uploaded)
    let pool = try TexturePool(for: [gpu])
    do { _ = try gpu.texture(for: pool.painted(image, 1)) }
    try gpu.collect()
    let with = try gpu.texture(for: pool.painted(image, 2), mipmapped: true)
    XCTAssertEqual(try shown(with, 3), 2)
    let without = try gpu.texture(for: pool.painted(image, 3))
    XCTAssertEqual(try levels(of: without), [[20, 6]])
  }

  /// The first byte of one of its sizes.
  private func shown(_ texture: Texture, _ level: Int) throws -> UInt8 {
    var (framebuffer, pixel): (GLuint, [UInt8]) = (0, [0, 0, 0, 0])
    unsafe glGenFramebuffers(1, &framebuffer)
    defer { unsafe glDeleteFramebuffers(1, &framebuffer) }
    glBindFramebuffer(GLenum(GL_FRAMEBUFFER), framebuffer)
    glFramebufferTexture2D(
      GLenum(GL_FRAMEBUFFER), GLenum(GL_COLOR_ATTACHMENT0), GLenum(GL_TEXTURE_2D), texture.name,
      GLint(level))
    unsafe glReadPixels(0, 0, 1, 1, GLenum(GL_RGBA), GLenum(GL_UNSIGNED_BYTE), &pixel)
    try checkGL("glReadPixels")
    return pixel[0]
  }

  /// Width and height of each of its sizes.
  private func levels(of texture: Texture) throws -> [[Int32]] {
    typealias Query =
      @convention(c) (GLenum, GLint, GLenum, UnsafeMutablePointer<GLint>) -> Void
    let query = try unsafe XCTUnwrap(eglFunction("glGetTexLevelParameteriv", as: Query.self))
    var sizes: [[Int32]] = []
    withTextureBound(texture.name) {
      for level in Int32(0)..<12 {
        var (width, height): (GLint, GLint) = (0, 0)
        unsafe query(GLenum(GL_TEXTURE_2D), level, GLenum(GL_TEXTURE_WIDTH), &width)
        unsafe query(GLenum(GL_TEXTURE_2D), level, GLenum(GL_TEXTURE_HEIGHT), &height)
        if width > 0 { sizes.append([width, height]) }
      }
    }
    return sizes
  }
}

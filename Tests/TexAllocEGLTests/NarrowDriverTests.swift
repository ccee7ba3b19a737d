import CEGL
import CNarrowEGL
import TestSupport
import TexAlloc
import XCTest

@testable import TexAllocEGL

/// Drivers that do less than the one that is here, or say so and do not. Whatever they lack, the pixels
/// are right, the route is known, and so is why it is no better one.
final class NarrowDriverTests: XCTestCase {
  override func setUpWithError() throws {
    _ = try TestDevice.importing()  // where that is skipped there is nothing to narrow
  }

  override func tearDown() { narrow_egl_set(narrow_egl()) }

  func testAShaderThatTheDriverRefusesSaysWhatTheDriverSays() throws {
    let gpu = try EGLDevice.surfaceless(.tested)
    XCTAssertThrowsError(
      try gpu.maker.run { () throws(EGLFailure) in
        try ShaderProgram(
          vertex: "void main() { gl_Position = vec4(nowhere); }", fragment: "void main() {}")
      }
    ) {
      let failure = $0 as? EGLFailure
      XCTAssertEqual(failure?.operation, "glCompileShader")
      XCTAssertTrue(failure?.reason.contains("nowhere") ?? false, "\($0)")
      XCTAssertFalse(failure?.reason.contains("\n") ?? true, "\($0)")
    }
  }

  func testWhatIsSampledAsExternalOnlyIsImportedAndNotRenderedInto() throws {
    narrow { $0.is_external_only = true }
    let gpu = try EGLDevice.surfaceless(.tested)
    for format in [Fourcc.abgr8888, .r8] {
      let texture = try shown(format, on: gpu)
      XCTAssertEqual(texture.route, .imported)
      XCTAssertEqual(texture.target, UInt32(GL_TEXTURE_EXTERNAL_OES))
      XCTAssertEqual(texture.check, .trial)
    }
    let image = ImageDescriptor(width: 33, height: 7, formats: [.abgr8888])
    let buffer = try TexturePool(for: [gpu]).allocate(image, for: [.texture, .renderTarget])
    XCTAssertThrowsError(try gpu.registerForRendering(buffer))
    XCTAssertNotEqual(try gpu.renderTarget(for: buffer).route, .imported)
  }

  func testWithoutExternalSamplersWhatIsExternalOnlyIsCopied() throws {
    narrow { $0.is_external_only = true }
    try narrow(without: "GL_OES_EGL_image_external_essl3") {
      let texture = try shown(on: .surfaceless(.tested))
      XCTAssertNotEqual(texture.route, .imported)
      XCTAssertTrue(texture.reason?.contains("external") ?? false, texture.reason ?? "none")
    }
  }

  /// Neither whole, which the driver beneath refuses, nor plane by plane, which are external, too.
  func testPlanesThatAreExternalOnlyAreCopiedPlaneByPlane() throws {
    narrow { $0.is_external_only = true }
    let gpu = try EGLDevice.surfaceless(.tested)
    for format in [Fourcc.nv12, .yuv420] {
      let image = ImageDescriptor(width: 37, height: 11, formats: [format])
      let buffer = try TexturePool(for: [gpu]).allocate(image)
      let reference = PlaneReference(buffer.layout, seed: 12)
      reference.write(into: buffer)
      let texture = try gpu.texture(for: buffer)
      guard texture.planes.count > 1 else { continue }  // the driver beneath converts them
      XCTAssertNotEqual(texture.route, .imported)
      XCTAssertEqual(texture.planes.count, format.planes?.count)
      XCTAssertNotNil(texture.reason)
      try texture.assertShows(reference)
    }
  }

  func testPlanesThatTheDriverConvertsAsItIsToldAreOneExternalImage() throws {
    narrow { $0.planes = narrow_planes_right }
    for colour in [Colour.picture, .video] {
      let gpu = try EGLDevice.surfaceless(.tested)
      for format in [Fourcc.nv12, .yuv420] {
        let (texture, reference) = try patches(format, colour, on: gpu)
        XCTAssertEqual(texture.route, .imported)
        XCTAssertEqual(texture.planes.count, 1)
        XCTAssertEqual(texture.target, UInt32(GL_TEXTURE_EXTERNAL_OES))
        XCTAssertEqual(texture.check, .trial)
        XCTAssertNil(texture.reason)
        try texture.assertShows(reference, within: 3) { x in 2...5 ~= x % 8 }
      }
    }
  }

  func testPlanesThatTheDriverConvertsWronglyAreImportedApartAndSaySo() throws {
    let wrong = [
      (narrow_planes_ignoring_range, Colour.picture), (narrow_planes_ignoring_matrix, .video),
      (narrow_planes_swapping_chroma, .picture), (narrow_planes_displacing_chroma, .video),
    ]
    for (planes, colour) in wrong {
      narrow { $0.planes = planes }
      let gpu = try EGLDevice.surfaceless(.tested)
      for format in [Fourcc.nv12, .yuv420] {
        let (texture, reference) = try patches(format, colour, on: gpu)
        XCTAssertEqual(texture.route, .imported, "\(planes)")
        XCTAssertEqual(texture.planes.count, format.planes?.count, "\(planes)")
        XCTAssertEqual(texture.target, UInt32(GL_TEXTURE_2D))
        let reason = try XCTUnwrap(texture.reason)
        XCTAssertTrue(
          reason.hasPrefix("plane by plane, since as one image pixels: wanted ["), reason)
        try texture.assertShows(reference)
      }
    }
  }

  /// It shows within a pixel of an edge of chroma only, where drivers filter as they like.
  func testADriverThatSitesChromaOtherwiseIsRightAwayFromItsEdges() throws {
    narrow { $0.planes = narrow_planes_ignoring_siting }
    let gpu = try EGLDevice.surfaceless(.tested)
    let (texture, reference) = try patches(.nv12, .video, on: gpu)
    XCTAssertEqual(texture.planes.count, 1, texture.reason ?? "")
    try texture.assertShows(reference, within: 3) { x in 2...5 ~= x % 8 }
  }

  /// A texture of an image of flat patches, 8 pixels wide, which was written after it was made.
  private func patches(
    _ format: Fourcc, _ colour: Colour, on gpu: EGLDevice
  ) throws -> (Texture, PlaneReference) {
    let image = ImageDescriptor(width: 70, height: 8, formats: [format], colour: colour)
    let buffer = try TexturePool(for: [gpu]).allocate(image)
    let texture = try gpu.texture(for: buffer)
    let reference = PlaneReference(buffer.layout, seed: 6, patch: 8)
    reference.write(into: buffer)
    return (texture, reference)
  }

  func testEachFormatTakesTheBestRouteThatItHas() throws {
    narrow { $0.only_format = Fourcc.r8.rawValue }
    let gpu = try EGLDevice.surfaceless(.tested)
    let pool = try TexturePool(for: [gpu])
    XCTAssertEqual(try shown(.r8, on: gpu, from: pool).route, .imported)
    let photograph = try shown(.abgr8888, on: gpu, from: pool)
    XCTAssertNotEqual(photograph.route, .imported)
    let reason = try XCTUnwrap(photograph.reason)
    XCTAssertTrue(reason.contains("formats"), reason)
  }

  func testWithoutTheExtensionImagesAreUploaded() throws {
    try narrow(without: "EGL_EXT_image_dma_buf_import") {
      let gpu = try EGLDevice.surfaceless(.tested)
      XCTAssertTrue(
        gpu.importObstacle?.contains("EGL_EXT_image_dma_buf_import") ?? false,
        gpu.importObstacle ?? "none")
      XCTAssertNotEqual(try shown(on: gpu).route, .imported)
    }
  }

  func testADriverThatShowsASnapshotIsFoundOut() throws {
    narrow { $0.shows_snapshot = true }
    let gpu = try EGLDevice.surfaceless(.tested)
    let texture = try shown(on: gpu)
    XCTAssertNotEqual(texture.route, .imported)
    let reason = try XCTUnwrap(texture.reason)
    XCTAssertTrue(reason.contains("pixels: wanted"), reason)
  }

  func testAnImportThatFailsLaterIsRefusedAndUploaded() throws {
    let gpu = try EGLDevice.surfaceless(.tested)
    let pool = try TexturePool(for: [gpu])
    let first = try shown(on: gpu, from: pool)
    XCTAssertEqual(first.route, .imported)
    let live = narrow_egl_live_images()
    narrow { $0.failures = .max }
    let image = ImageDescriptor(width: 33, height: 7, formats: [.abgr8888])
    XCTAssertThrowsError(try gpu.register(pool.allocate(image))) {
      XCTAssertEqual(($0 as? RegistrationRefused)?.cause, .importFailed)
    }
    let second = try shown(on: gpu, from: pool)
    XCTAssertNotEqual(second.route, .imported)
    XCTAssertTrue(second.reason?.contains("eglCreateImage") ?? false, second.reason ?? "none")
    XCTAssertEqual(narrow_egl_live_images(), live)
    XCTAssertEqual(gpu.statistics.liveImages, 1)
    narrow { _ in }
    XCTAssertEqual(try shown(on: gpu, from: pool).route, .imported, "the next is tried again")
    withExtendedLifetime(first) {}
  }

  func testWithoutBufferStorageNothingIsTransferred() throws {
    try narrow(without: "GL_EXT_buffer_storage") {
      let gpu = try EGLDevice.surfaceless(.tested, route: .transferred)
      let pool = try TexturePool(for: [gpu])
      XCTAssertThrowsError(
        try pool.allocate(ImageDescriptor(width: 8, height: 8, formats: [.abgr8888]))
      ) { XCTAssertTrue("\($0)".contains("GL_EXT_buffer_storage"), "\($0)") }
      XCTAssertEqual(try shown(on: .surfaceless(.tested)).route, .imported)
    }
  }

  func testADriverOfOpenGLES2IsUnsupported() throws {
    narrow { $0.highest_es_version = 2 }
    XCTAssertThrowsError(try EGLDevice.surfaceless(.tested)) {
      XCTAssertTrue("\($0)".contains("eglCreateContext"), "\($0)")
    }
  }

  func testWithoutAShareGroupNothingIsTransferredAndTheRestGoesOn() throws {
    narrow { $0.has_no_share_groups = true }
    let gpu = try EGLDevice.surfaceless(.tested, route: .transferred)
    XCTAssertThrowsError(
      try TexturePool(for: [gpu]).allocate(
        ImageDescriptor(width: 8, height: 8, formats: [.abgr8888]))
    ) { XCTAssertTrue("\($0)".contains("eglCreateContext"), "\($0)") }
    XCTAssertEqual(try shown(on: .surfaceless(.tested)).route, .imported)
  }

  func testWhereNoContextBecomesCurrentThereIsNoDevice() throws {
    narrow { $0.fails_to_make_current = true }
    XCTAssertThrowsError(try EGLDevice.surfaceless(.tested)) {
      XCTAssertTrue("\($0)".contains("eglMakeCurrent"), "\($0)")
    }
  }

  func testWhereTrialsHaveNoContextImagesAreUploaded() throws {
    let gpu = try EGLDevice.surfaceless(.tested)
    narrow { $0.fails_to_make_current = true }
    let texture = try shown(on: gpu)
    XCTAssertNotEqual(texture.route, .imported)
    XCTAssertTrue(texture.reason?.contains("eglMakeCurrent") ?? false, texture.reason ?? "none")
  }

  /// A display that takes the colour space and does nothing with it is found out by the pixels.
  func testTheColourSpaceOfAnImageIsAskedForAndNotBelieved() throws {
    narrow { $0.ignores_image_colorspace = true }
    let before = narrow_egl_light_images()
    let texture = try shownAsLight()
    XCTAssertGreaterThan(narrow_egl_light_images(), before)
    XCTAssertNotEqual(texture.route, .imported)
    XCTAssertTrue(texture.reason?.contains("pixels") ?? false, texture.reason ?? "none")
  }

  func testWhereTheColourSpaceIsRefusedTheImageIsViewedOrTheNextRouteTaken() throws {
    narrow { $0.refuses_image_colorspace = true }
    var before = narrow_egl_light_images()
    let viewed = try shownAsLight()
    XCTAssertGreaterThan(narrow_egl_light_images(), before)
    XCTAssertEqual(viewed.route, .imported, viewed.reason ?? "")
    before = narrow_egl_light_images()
    try narrow(without: "GL_EXT_EGL_image_storage") {
      let copied = try shownAsLight()
      XCTAssertGreaterThan(narrow_egl_light_images(), before)
      XCTAssertNotEqual(copied.route, .imported)
      XCTAssertTrue(copied.reason?.contains("eglCreateImage") ?? false, copied.reason ?? "none")
    }
  }

  /// A texture of a new device that undoes the transfer of sRGB, as its pixels show.
  private func shownAsLight() throws -> Texture {
    let gpu = try EGLDevice.surfaceless(.tested)
    var image = ImageDescriptor(width: 2, height: 1, formats: [.abgr8888])
    image.sampling = .asLight
    let buffer = try TexturePool(for: [gpu]).allocate(image)
    do {
      var writer = buffer.writer()
      let pixels: [UInt8] = [128, 0, 255, 128, 255, 64, 0, 255]
      writer.write(pixels.span, row: 0)
    }
    let texture = try gpu.texture(for: buffer)
    for (held, wanted) in zip(try texture.shownPixels(), [55, 0, 255, 128, 255, 13, 0, 255]) {
      XCTAssertEqual(Int(held), wanted, accuracy: 1)
    }
    return texture
  }

  /// A texture of an image of a new pool, or of that one, which shows what was written.
  private func shown(
    _ format: Fourcc = .abgr8888, on gpu: EGLDevice, from pool: TexturePool? = nil
  ) throws -> Texture {
    if !gpu.isCurrent { try gpu.makeCurrent() }
    let pool = try pool ?? TexturePool(for: [gpu])
    let buffer = try pool.allocate(ImageDescriptor(width: 33, height: 7, formats: [format]))
    do {
      var writer = buffer.writer()
      for row in 0..<writer.rowCount {
        let bytes = (0..<writer.rowSize).map { UInt8(truncatingIfNeeded: row * 31 + $0 * 7 + 1) }
        writer.write(bytes.span, row: row)
      }
    }
    let texture = try gpu.texture(for: buffer)
    let pixels = try texture.shownPixels()
    for (row, x) in [(0, 0), (3, 16), (6, 32)] {
      let wanted = UInt8(
        truncatingIfNeeded: row * 31 + x * buffer.layout.rowSize(ofPlane: 0) / 33 * 7 + 1)
      XCTAssertEqual(pixels[(row * 33 + x) * 4], wanted, "\(texture.route), \(x), \(row)")
    }
    return texture
  }

  private func narrow(_ change: (inout narrow_egl) -> Void) {
    var narrowing = narrow_egl()
    change(&narrowing)
    narrow_egl_set(narrowing)
  }

  /// While the body runs.
  private func narrow(without extension: String, _ body: () throws -> Void) rethrows {
    unsafe narrow_egl_hide(`extension`)
    defer { narrow_egl_hide(nil) }
    try body()
  }
}

import TestSupport
import TexAlloc
import TexAllocEGL
import XCTest

final class QuirkProfileTests: XCTestCase {
  private let image = ImageDescriptor(width: 30, height: 20, formats: [.abgr8888])

  func testAProfileGoesWhereverItsDeviceGoes() throws {
    let gpu = try TestDevice.importing(profiles: [.pitch256, .rows16])
    let pool = try TexturePool(for: [gpu])
    let buffer = try pool.allocate(image)
    XCTAssertEqual(buffer.layout.planes[0].pitch, 256)
    XCTAssertEqual(buffer.layout.planes[0].rows, 32)
    XCTAssertEqual(try gpu.register(buffer).route, .imported)
    let plain = try TexturePool(for: [TestDevice.importing()]).allocate(image)
    XCTAssertEqual(plain.layout.planes[0].pitch, 128)
  }

  func testABufferOfOddPitchToAComponentThatWants256NamesBothNumbers() throws {
    let gpu = try TestDevice.importing(profiles: [.pitch256])
    let odd = try TexturePool(for: [TestDevice.importing()])
      .allocate(ImageDescriptor(width: 33, height: 2, formats: [.abgr8888]))
    XCTAssertEqual(odd.layout.planes[0].pitch, 192)
    try gpu.makeCurrent()
    XCTAssertThrowsError(try gpu.register(odd)) {
      XCTAssertEqual(
        $0 as? RegistrationRefused,
        RegistrationRefused(
          .pitch, by: "pitch-256", field: "pitchAlignment", wanted: "a multiple of 256",
          held: "192"))
      XCTAssertEqual(
        "\($0)",
        "pitch-256 refused the buffer: pitchAlignment: wanted a multiple of 256, held 192")
    }
    let texture = try gpu.texture(for: odd)
    XCTAssertEqual(texture.route, .uploaded)
    let reason = try XCTUnwrap(texture.reason)
    XCTAssertTrue(reason.contains("256") && reason.contains("192"), reason)
  }

  func testWithoutOffsetsEachImageBeginsItsOwnBuffer() throws {
    let gpu = try TestDevice.importing(profiles: [.noOffset])
    let pool = try TexturePool(for: [gpu])
    let buffers = try (0..<4).map { _ in try pool.allocate(image) }
    for buffer in buffers {
      XCTAssertEqual(buffer.offset, 0)
      XCTAssertEqual(buffer.slabSize, buffer.layout.size)
      XCTAssertEqual(try gpu.register(buffer).route, .imported)
    }
    XCTAssertEqual(pool.statistics.slots, 4)
    // The second of two planes is at no start.
    let planes = try pool.allocate(ImageDescriptor(width: 30, height: 20, formats: [.nv12]))
    XCTAssertNotEqual(planes.route, .imported)
    XCTAssertTrue(planes.plan?.obstacle?.contains("offset") ?? false, planes.plan?.obstacle ?? "")
  }

  func testAProfileOfTheUsersTakesPartWhateverItSaysOfUse() throws {
    let profile = QuirkProfile(
      BufferAttributes(name: "mine") { ($0.minPitch, $0.deviceUsage) = (1000, [.scanout]) },
      because: "a test")
    let pool = try TexturePool(for: [TestDevice.importing(profiles: [profile])])
    XCTAssertEqual(try pool.allocate(image).layout.planes[0].pitch, 1024)
  }

  func testAnUploadHasNoQuirks() throws {
    let gpu = try EGLDevice.surfaceless(
      .tested, route: .uploaded, profiles: [.pitch256])
    XCTAssertEqual(try TexturePool(for: [gpu]).allocate(image).layout.planes[0].pitch, 128)
  }

  func testDriversAreKnownByWhatTheySay() {
    let radeon = "AMD Radeon RX 6600 (radeonsi, navi23, LLVM 15.0.6, DRM 3.49)"
    XCTAssertEqual(QuirkProfile.known(vendor: "AMD", renderer: radeon), [.pitch256, .rows16])
    XCTAssertEqual(QuirkProfile.known(vendor: "Mesa", renderer: "virgl (LLVMPIPE)"), [])
    XCTAssertEqual(
      QuirkProfile.known(vendor: "Mesa", renderer: "llvmpipe (LLVM 15.0.6, 256 bits)"), [])
    for profile in QuirkProfile.builtIn {
      XCTAssertEqual(QuirkProfile.named(profile.name), profile)
    }
  }
}

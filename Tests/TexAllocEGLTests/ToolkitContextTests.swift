import Foundation
import TestSupport
import TexAlloc
import XCTest

@testable import TexAllocEGL

/// What a device makes of the context that a toolkit has made.
final class ToolkitContextTests: XCTestCase {
  func testContextsOfBothAPIsAreTaken() throws {
    for traits in ToolkitContext.kinds {
      let toolkit = try ToolkitContext(traits)
      let gpu = try EGLDevice.current()
      XCTAssertEqual(gpu.description.api, traits.version.api, "\(traits)")
      try XCTSkipIf(gpu.importObstacle != nil, "no import here: \(gpu.importObstacle ?? "")")
      let pool = try TexturePool(for: [gpu])
      let buffer = try pool.allocate(
        ImageDescriptor(width: 33, height: 7, formats: [.argb8888]), for: .texture)
      let texture = try gpu.register(buffer)
      XCTAssertTrue(try texture.shownPixels().allSatisfy { $0 == 0 }, "\(traits)")
      XCTAssertTrue(toolkit.handle.isCurrent)
      withExtendedLifetime(toolkit) {}
    }
  }

  func testOurOwnContextSharesWithTheToolkitsWhateverThatIs() throws {
    for traits in ToolkitContext.kinds {
      let toolkit = try ToolkitContext(traits)
      let gpu = try EGLDevice.current()
      let ours = try ContextHandle.make(on: gpu.connection, gpu.traits, sharing: gpu.context)
      let name = try makeSampledTexture {}
      try ours.makeCurrent()
      XCTAssertEqual(glIsTexture(name), 1, "\(traits)")
      let read = try ContextTraits.current()
      XCTAssertEqual(read.profile, traits.profile)
      XCTAssertEqual(read.isLostOnReset, traits.isLostOnReset)
      XCTAssertEqual(read.hasNoErrors, traits.hasNoErrors)
      try toolkit.handle.makeCurrent()
      ours.destroy()
    }
  }

  func testAContextOfAnOldVersionIsUnsupportedAndNamesWhatItTakes() throws {
    for (words, least) in [
      ("OpenGL ES 2.0 Mesa 25.0.7", "OpenGL ES 3.0"), ("3.1 Mesa 22.3.6", "OpenGL 3.3"),
    ] {
      let version = try XCTUnwrap(GLVersion(words))
      XCTAssertThrowsError(try version.require()) {
        XCTAssertEqual(($0 as? EGLFailure)?.operation, least)
        XCTAssertEqual(($0 as? EGLFailure)?.isUnsupported, true)
      }
    }
    XCTAssertNil(GLVersion("OpenGL ES-CM 1.1 Mesa 25.0.7"))
    XCTAssertEqual(GLVersion("4.5 (Core Profile) Mesa 25.0.7"), GLVersion(.openGL, 4, 5))
    XCTAssertEqual(GLVersion("OpenGL ES 3.2 NVIDIA 580.159"), GLVersion(.openGLES, 3, 2))
  }

  func testADevicesOwnContextGoesWithIt() throws {
    do { _ = try EGLDevice.surfaceless(.tested) }
    XCTAssertNil(ContextHandle.current)
  }

  func testWithoutAContextThereIsNoDevice() throws {
    ContextHandle.clearCurrent(on: try EGLConnection.software())
    XCTAssertThrowsError(try EGLDevice.current()) {
      XCTAssertEqual(($0 as? EGLFailure)?.operation, "eglGetCurrentContext")
      XCTAssertEqual(($0 as? EGLFailure)?.isUnsupported, true)
    }
  }

  /// A GLX of one function stands for a toolkit's.
  func testAContextOfGLXIsUnsupportedByName() throws {
    ContextHandle.clearCurrent(on: try EGLConnection.software())
    let folder = try TemporaryFolder()
    let source = folder.path("glx.c")
    try Data("void *glXGetCurrentContext(void) { return glXGetCurrentContext; }\n".utf8)
      .write(to: URL(filePath: source))
    let compiler = Process()
    compiler.executableURL = URL(filePath: "/usr/bin/env")
    compiler.arguments = [
      "cc", "-shared", "-fPIC", "-w", "-Wl,-soname,libGLX.so.0", "-o", folder.path("libGLX.so.0"),
      source,
    ]
    try compiler.run()
    compiler.waitUntilExit()
    try XCTSkipUnless(compiler.terminationStatus == 0, "no C compiler")
    let library = try unsafe XCTUnwrap(dlopen(folder.path("libGLX.so.0"), RTLD_NOW))
    defer { _ = unsafe dlclose(library) }
    XCTAssertThrowsError(try EGLDevice.current()) {
      XCTAssertEqual(($0 as? EGLFailure)?.operation, "GLX")
      XCTAssertEqual(($0 as? EGLFailure)?.isUnsupported, true)
    }
  }
}

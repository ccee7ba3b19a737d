import ProgramSupport
import TestSupport
import TexAlloc
import TexAllocEGL
import XCTest

final class FenceTests: XCTestCase {
  func testAFencePassesWhenTheGPUIsDone() throws {
    let gpu = try EGLDevice.surfaceless(.tested)
    let canvas = try Canvas(width: 64, height: 64)
    canvas.clear(.one)
    let fence = try gpu.makeFence()
    XCTAssertTrue(fence.wait(until: .now + .seconds(60)))
    XCTAssertTrue(fence.hasPassed)
  }

  func testADisplayWithoutNativeFencesNamesTheExtension() throws {
    let gpu = try EGLDevice.surfaceless(.tested)
    let name = "EGL_ANDROID_native_fence_sync"
    try XCTSkipIf(gpu.description.displayExtensions.contains(name), "the display has \(name)")
    XCTAssertThrowsError(try gpu.exportFence()) {
      XCTAssertEqual(($0 as? EGLFailure)?.operation, name)
      XCTAssertEqual(($0 as? EGLFailure)?.isUnsupported, true)
    }
  }

  func testFencesAreMadeWhereTheContextIsCurrent() throws {
    let gpu = try EGLDevice.surfaceless(.tested)
    let other = try EGLDevice.surfaceless(.tested)
    XCTAssertThrowsError(try gpu.makeFence()) {
      XCTAssertEqual(($0 as? EGLFailure)?.operation, "makeFence")
      XCTAssertEqual(($0 as? EGLFailure)?.cause, .wrongThread)
    }
    XCTAssertThrowsError(try gpu.exportFence())
    XCTAssertNoThrow(try other.makeFence())
  }
}

import Foundation
import TestSupport
import TexAlloc
import XCTest

@testable import TexAllocEGL

/// Which device is taken where the first does not do. Those that have nodes are tried in a guest.
final class DeviceFallbackTests: XCTestCase {
  private let broken = DeviceCandidate(name: "/dev/dri/card7") { () throws(EGLFailure) in
    throw .failed("eglCreateContext", "EGL_BAD_ALLOC")
  }

  func testADeviceThatGivesNoContextMakesRoomForTheNextAndIsReported() throws {
    let software: [DeviceCandidate]
    do { software = try DeviceChoice.software.candidates() } catch {
      throw error.isUnsupported && TestedDevice.isDemanded ? XCTSkip("\(error)") : error
    }
    let gpu = try EGLDevice.surfaceless([broken] + software)
    XCTAssertTrue(gpu.description.isSoftware)
    XCTAssertEqual(
      gpu.description.passedOver.map(\.description),
      ["/dev/dri/card7: eglCreateContext: EGL_BAD_ALLOC"])
    XCTAssertEqual(try EGLDevice.surfaceless(.software).description.passedOver, [])
  }

  func testWhereNoneDoesTheContextThatWasCurrentStaysAndEachSaysWhy() throws {
    let toolkit = try ToolkitContext()
    XCTAssertThrowsError(try EGLDevice.surfaceless([broken, broken])) {
      let failure = $0 as? EGLFailure
      XCTAssertEqual(failure?.cause, .failed)
      XCTAssertEqual(failure?.reason.components(separatedBy: "EGL_BAD_ALLOC").count, 3)
    }
    XCTAssertThrowsError(try EGLDevice.surfaceless(.named("no such driver"))) {
      XCTAssertEqual(($0 as? EGLFailure)?.isUnsupported, true)
    }
    XCTAssertTrue(toolkit.handle.isCurrent)
  }
}

import TestSupport
import TexAllocEGL
import XCTest

enum TestDevice {
  /// The software device; the test is skipped where that imports nothing.
  static func importing(profiles: [QuirkProfile]? = nil) throws -> EGLDevice {
    let gpu = try EGLDevice.surfaceless(.tested, profiles: profiles)
    if let obstacle = gpu.importObstacle { throw XCTSkip("no import here: \(obstacle)") }
    return gpu
  }
}

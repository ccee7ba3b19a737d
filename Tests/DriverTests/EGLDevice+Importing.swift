import TexAllocEGL
import XCTest

extension EGLDevice {
  /// The software device.
  ///
  /// - Throws: `XCTSkip` where it imports nothing.
  static func importing() throws -> EGLDevice {
    let gpu = try EGLDevice.surfaceless(.software)
    if let obstacle = gpu.importObstacle { throw XCTSkip("no import here: \(obstacle)") }
    return gpu
  }
}

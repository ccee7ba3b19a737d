import Foundation
import TestSupport
import TexAlloc
import TexAllocEGL
import XCTest

final class TrialTests: XCTestCase {
  func testTrialsLeaveNoMappingBehind() throws {
    let gpu = try importingDevice()
    let before = try mappings()
    for _ in 0..<20 { _ = try TexturePool(for: [gpu], from: [MemfdHeap()]) }
    // The driver lets go of its own when its threads have drawn.
    let deadline = ContinuousClock.now + .seconds(60)
    while try mappings() - before >= 10, ContinuousClock.now < deadline { usleep(10_000) }
    XCTAssertLessThan(try mappings() - before, 10)
  }

  func testAnImageThatNoCPUWritesIsTriedAtItsOwnPitch() throws {
    let gpu = try importingDevice()
    let pool = try TexturePool(for: [gpu], from: [MemfdHeap()])
    let camera = BufferAttributes(name: "camera") {
      ($0.formats, $0.deviceUsage) = ([Format(.abgr8888)], [.capture])
    }
    let image = ImageDescriptor(width: 25, height: 4, writtenBy: camera)
    let buffer = try pool.allocate(image, for: [.texture, .capture])
    XCTAssertEqual(buffer.layout.planes[0].pitch, 100)
    XCTAssertEqual(try gpu.register(buffer).check, .trial)
  }

  private func importingDevice() throws -> EGLDevice {
    let gpu = try EGLDevice.surfaceless(.tested)
    if let obstacle = gpu.importObstacle { throw XCTSkip("no import here: \(obstacle)") }
    return gpu
  }

  private func mappings() throws -> Int {
    try String(contentsOfFile: "/proc/self/maps", encoding: .utf8)
      .split(separator: "\n").count { $0.contains("memfd:memfd") }
  }
}

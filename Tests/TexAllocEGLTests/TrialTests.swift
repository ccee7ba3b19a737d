import CNarrowEGL
import Foundation
import TestSupport
import TexAlloc
import TexAllocEGL
import TexAllocJPEG
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

  func testAKindThatManyThreadsMeetAtOnceIsTriedOnce() throws {
    _ = try EGLDevice.finishing()
    let photo = try JPEGImage(SampleFile.make(64, 48))
    let image = ImageDescriptor(width: 64, height: 64, formats: [.abgr8888])
    let trials: [@Sendable (EGLDevice, TexturePool) -> Void] = [
      { gpu, _ in _ = gpu.finisher(of: photo, demanded: .gpu) },
      { _, pool in _ = try? pool.allocate(image, for: [.texture, .cpuRead]) },
    ]
    for (number, trial) in trials.enumerated() {
      let counts = try [1, 4].map { threads in
        let gpu = try EGLDevice.surfaceless(.tested, route: .transferred)
        let pool = try TexturePool(for: [gpu])
        let before = narrow_egl_draws()
        let workers = try (0..<threads).map { _ in try WorkerThread(named: "asking") }
        for worker in workers { worker.begin { trial(gpu, pool) } }
        for worker in workers { worker.run {} }
        return narrow_egl_draws() - before
      }
      XCTAssertGreaterThan(counts[0], 0, "\(number)")
      XCTAssertEqual(counts[0], counts[1], "\(number)")
    }
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

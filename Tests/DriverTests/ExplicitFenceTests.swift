import ProgramSupport
import Synchronization
import TestSupport
import TexAlloc
import TexAllocEGL
import XCTest

/// Sync files out of EGL and into it, on each device that has them.
final class ExplicitFenceTests: XCTestCase {
  /// The software device gives one that has passed: it draws first.
  func testASyncFileOfTheGPUIsPendingUntilItHasDrawn() throws {
    for gpu in try devices() {
      try gpu.makeCurrent()
      let canvas = try Canvas(width: SlowDraw.side, height: SlowDraw.side)
      let slow = try SlowDraw(on: gpu)
      let times = gpu.description.isSoftware ? [1] : SlowDraw.times
      let wasPending = try times.contains { times in
        try slow.draw(on: canvas, times: times)
        let file = try gpu.exportFence()
        let isPending = !file.hasPassed
        XCTAssertTrue(file.wait(until: .now + .seconds(120)), gpu.description.driver)
        return isPending
      }
      XCTAssertNotEqual(wasPending, gpu.description.isSoftware, gpu.description.driver)
      CapabilityTable.print(
        gpu.description.driver, "sync file out of EGL", true,
        verdict: wasPending ? "pending" : "passed")
    }
  }

  /// The device that the GPU waits for is vgem's, whose fence passes when it is told to.
  func testTheGPUWaitsForASyncFile() throws {
    let vgem = try PresentHeap.dumbBuffers(of: "vgem")
    for gpu in try devices() {
      try gpu.makeCurrent()
      let canvas = try Canvas(width: 8, height: 8)
      let fence = try PendingFence(from: vgem)
      let hasPassed = Atomic(false)
      DispatchQueue.global().asyncAfter(deadline: .now() + .milliseconds(200)) {
        hasPassed.store(true, ordering: .releasing)
        do { try fence.pass() } catch { XCTFail("\(error)") }
      }
      try gpu.waitOnGPU(for: fence.syncFile)
      canvas.clear(.one)
      let drawn = try gpu.exportFence()
      XCTAssertTrue(drawn.wait(until: .now + .seconds(60)))
      let waited = hasPassed.load(ordering: .acquiring)
      XCTAssertTrue(waited, "\(gpu.description.driver) drew before the fence had passed")
      XCTAssertTrue(try canvas.readPixels().allSatisfy { $0 == 255 })
      CapabilityTable.print(gpu.description.driver, "sync file into EGL", waited)
    }
  }

  private func devices() throws -> [EGLDevice] {
    let all = [DeviceChoice.software, .named("virtio_gpu")].compactMap {
      try? EGLDevice.surfaceless($0)
    }
    let able = all.filter {
      $0.description.displayExtensions.contains("EGL_ANDROID_native_fence_sync")
    }
    guard !able.isEmpty else {
      let drivers = all.map(\.description.driver).joined(separator: ", ")
      throw XCTSkip("EGL_ANDROID_native_fence_sync is absent on \(drivers)")
    }
    return able
  }
}

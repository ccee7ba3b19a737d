import TexAlloc
import TexAllocEGL
import XCTest

/// Which EGL device is taken where several have a node.
final class DeviceChoiceTests: XCTestCase {
  /// Plain surfaceless EGL would take a node whose driver has dumb buffers only.
  func testDriversOfDumbBuffersAreNoGPU() throws {
    for driver in ["vgem", "cirrus"] { _ = try PresentHeap.dumbBuffers(of: driver) }
    let gpu = try EGLDevice.surfaceless(.automatic)
    try XCTSkipUnless(gpu.description.isSoftware, "there is a GPU: \(gpu.description.driver)")
    CapabilityTable.print("software", "taken among nodes", true)
    XCTAssertNil(gpu.importObstacle)
    XCTAssertThrowsError(try EGLDevice.surfaceless(.named("virtio_gpu")))
  }
}

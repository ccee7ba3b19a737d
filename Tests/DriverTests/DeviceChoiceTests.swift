import TestSupport
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
    XCTAssertEqual(gpu.description.reason, "no device has a driver of its own")
    XCTAssertNil(gpu.importObstacle)
    XCTAssertTrue(try EGLDevice.surfaceless(.software).description.isSoftware)
    CapabilityTable.print("swrast", "chosen by name among nodes", true)
    XCTAssertThrowsError(try EGLDevice.surfaceless(.named("virtio_gpu"))) {
      XCTAssertEqual(($0 as? EGLFailure)?.isUnsupported, true, "\($0)")
    }
  }

  /// Mesa draws on such a device by itself, and takes memory of its driver only: pools find out which.
  func testADeviceIsTakenByItsNodeWhereItIsAskedFor() throws {
    for driver in ["vgem", "virtio_gpu"] {
      let card = try PresentHeap.dumbBuffers(of: driver)
      let gpu = try EGLDevice.surfaceless(.named(card.node.string))
      XCTAssertEqual(gpu.description.reason, "it has the node \(card.node)")
      let own = try GBMHeap(node: card.node)
      let pool = try TexturePool(for: [gpu], from: [UDMABufHeap(), own])
      let image = ImageDescriptor(width: 33, height: 7, formats: [.abgr8888])
      XCTAssertEqual(try pool.plan(for: image).heap, own.name)
      let buffer = try pool.allocate(image)
      let expected = buffer.writePattern()
      let shown = try gpu.register(buffer).shownPixels()
      XCTAssertEqual(shown, expected, driver)
      CapabilityTable.print(
        "gbm:\(driver)", "imported by its own device", shown == expected)
    }
  }
}

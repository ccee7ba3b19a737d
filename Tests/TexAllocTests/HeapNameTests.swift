import SystemPackage
import XCTest

@testable import TexAlloc

/// What heaps of cards are called.
final class HeapNameTests: XCTestCase {
  func testTwoCardsOfOneDriverHaveTwoNames() {
    let bus = "/sys/devices/pci0000:00"
    XCTAssertEqual(name("amdgpu", "\(bus)/0000:00:08.1/0000:03:00.0"), "amdgpu@0000:03:00.0")
    XCTAssertEqual(name("amdgpu", "\(bus)/0000:00:08.1/0000:0a:00.0"), "amdgpu@0000:0a:00.0")
    XCTAssertEqual(name("vc4", "/sys/devices/platform/gpu"), "vc4@gpu")
  }

  /// virtio's own numbers are those of the order in which its devices came.
  func testAVirtioDeviceHasTheAddressOfWhatItSitsOn() {
    let bus = "/sys/devices/pci0000:00/0000:00:05.0"
    XCTAssertEqual(name("virtio_gpu", "\(bus)/virtio3"), "virtio_gpu@0000:00:05.0")
    XCTAssertEqual(
      name("virtio_gpu", "/sys/devices/platform/a000000.virtio_mmio/virtio12"),
      "virtio_gpu@a000000.virtio_mmio")
  }

  func testADeviceThatItsDriverInventedHasTheNameOfTheDriver() {
    XCTAssertEqual(name("vgem", "/sys/devices/platform/vgem"), "vgem")
    XCTAssertEqual(name("vgem", "/sys/devices/faux/vgem"), "vgem")
  }

  func testWithoutSysfsTheNodeStandsForTheDevice() {
    XCTAssertEqual(name("amdgpu", nil), "amdgpu@card7")
  }

  func testNoTwoHeapsHaveOneName() {
    let names = Heaps.present().map(\.name)
    XCTAssertEqual(Set(names).count, names.count, "\(names)")
  }

  private func name(_ driver: String, _ folder: String?) -> String {
    DRMNode.deviceName(driver, in: folder.map { FilePath($0) }, node: "/dev/dri/card7")
  }
}

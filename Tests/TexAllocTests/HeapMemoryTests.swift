import Foundation
import TestSupport
import XCTest

@testable import TexAlloc

/// What heaps say that their memory is.
final class HeapMemoryTests: XCTestCase {
  private struct Camera: Component {
    let attributes = BufferAttributes(name: "camera") {
      ($0.contiguous, $0.deviceUsage) = (true, [.capture])
    }
  }

  func testPagesAreNeitherContiguousNorProtected() throws {
    XCTAssertEqual(MemfdHeap().attributes.provides, ProvidedMemory())
    XCTAssertEqual(OrdinaryMemory.attributes.provides, ProvidedMemory())
    XCTAssertEqual(DMAHeap.Promise(of: "system")?.memory, ProvidedMemory())
  }

  func testACameraThatNeedsContiguousMemoryGetsNoMemfd() throws {
    let image = ImageDescriptor(width: 8, height: 8, writtenBy: Camera().attributes)
    for components in [[], [Camera()]] {
      let pool = try TexturePool(for: components, from: [MemfdHeap()])
      XCTAssertThrowsError(try pool.allocate(image, for: .capture)) {
        guard case AllocationError.noHeap(let verdicts) = $0 else { return XCTFail("\($0)") }
        XCTAssertEqual(
          verdicts.map(\.description),
          [
            "memfd: conflict in contiguous: camera needs contiguous memory;"
              + " memfd provides memory that is not contiguous"
          ])
      }
    }
  }

  func testAHeapThatSurelyProvidesRanksBeforeOneThatCannotKnow() throws {
    let unknown = FakeHeap("unknown", caching: .writeCombining)
    let region = FakeHeap("region", provides: ProvidedMemory(contiguous: true))
    let image = ImageDescriptor(width: 8, height: 8, writtenBy: Camera().attributes)
    let plan = try self.plan(image, [unknown, MemfdHeap(), region])
    XCTAssertEqual(plan.heap, "region")
    XCTAssertEqual(
      plan.reason,
      "of the heaps that suit everybody it ranks first, "
        + "by being known to provide what is demanded, then by caching and then by kind")
    XCTAssertEqual(try self.plan(image, [unknown]).heap, "unknown")
    let photo = ImageDescriptor(width: 8, height: 8, formats: [.r8])
    XCTAssertEqual(
      try TexturePool(for: [], from: [unknown, region]).plan(for: photo).heap, "unknown")
  }

  private func plan(_ image: ImageDescriptor, _ heaps: [any Heap]) throws -> MemoryPlan {
    try TexturePool(for: [Camera()], from: heaps).plan(for: image, .capture)
  }

  func testAnImageMayDemandWhatThePoolsHeapProvides() throws {
    let region = FakeHeap("region", provides: ProvidedMemory(contiguous: true))
    let pool = try TexturePool(for: [], from: [region])
    var camera = Camera().attributes
    camera.formats = [Format(.r8)]
    let image = ImageDescriptor(width: 8, height: 8, writtenBy: camera)
    XCTAssertEqual(try pool.allocate(image).heap, "region")
  }

  func testRegionsAreThoseThatTheKernelLists() throws {
    try TemporaryFolder.with { root in
      try add("kernel/mm/cma/reserved/", to: root)
      let regions = ContiguousRegions(root: root.path)
      for name in ["reserved", "default_cma_region"] {
        let promise = DMAHeap.Promise(of: name, in: regions)
        XCTAssertEqual(
          promise?.memory, ProvidedMemory(contiguous: true, physicalAlignment: pageSize), name)
      }
      for name in ["linux,cma", "linux,cma-uncached", "reserved-uncached", "tcm", "cma", ""] {
        XCTAssertNil(DMAHeap.Promise(of: name, in: regions), name)
      }
    }
  }

  func testReusablePoolsOfTheDeviceTreeAreRegions() throws {
    try TemporaryFolder.with { root in
      let reserved = "firmware/devicetree/base/reserved-memory"
      for name in ["linux,cma", "camera@40000000", "firmware@1000", "fixed"] {
        let compatible = name == "firmware@1000" ? "vendor,memory\0" : "vendor\0shared-dma-pool\0"
        try add("\(reserved)/\(name)/compatible", to: root, compatible)
        if name != "fixed" { try add("\(reserved)/\(name)/reusable", to: root) }
      }
      let regions = ContiguousRegions(root: root.path)
      XCTAssertTrue(regions.contain("linux,cma"))
      XCTAssertTrue(regions.contain("camera@40000000"))
      XCTAssertTrue(regions.contain("default_cma_region"))
      XCTAssertFalse(regions.contain("firmware@1000"))
      XCTAssertFalse(regions.contain("fixed"))
      XCTAssertFalse(regions.contain("linux,cma-uncached"))
    }
  }

  func testWithoutAnyRegionNoNameIsOne() throws {
    try TemporaryFolder.with { root in
      let regions = ContiguousRegions(root: root.path)
      for name in ["reserved", "linux,cma", "default_cma_region"] {
        XCTAssertFalse(regions.contain(name), name)
      }
    }
  }

  /// - Parameter path: Of a folder where it ends with a slash, else of a file.
  private func add(_ path: String, to root: URL, _ text: String = "") throws {
    let url = root.appending(path: path)
    let isFolder = path.hasSuffix("/")
    try FileManager.default.createDirectory(
      at: isFolder ? url : url.deletingLastPathComponent(), withIntermediateDirectories: true)
    if !isFolder { try Data(text.utf8).write(to: url) }
  }
}

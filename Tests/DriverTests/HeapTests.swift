import SystemPackage
import TexAlloc
import XCTest

/// Every kind of heap, on every driver that Debian's kernel has for a machine without hardware.
final class HeapTests: XCTestCase {
  func testMemfdKeepsTheContract() throws {
    try check(MemfdHeap())
  }

  func testUDMABufKeepsTheContract() throws {
    try check(skippingWhereAbsent { () throws(SystemFailure) in try UDMABufHeap() })
  }

  func testSystemDMAHeapKeepsTheContract() throws {
    try check(skippingWhereAbsent { () throws(SystemFailure) in try DMAHeap("system") })
  }

  func testDumbBuffersOfVgemKeepTheContract() throws {
    try check(PresentHeap.dumbBuffers(of: "vgem"), .writeCombining)
  }

  func testDumbBuffersOfVirtioKeepTheContract() throws {
    try check(PresentHeap.dumbBuffers(of: "virtio_gpu"))
  }

  func testDumbBuffersOfCirrusKeepTheContract() throws {
    try check(PresentHeap.dumbBuffers(of: "cirrus"))
  }

  func testGBMOnVgemKeepsTheContract() throws {
    let card = try PresentHeap.dumbBuffers(of: "vgem").node
    try check(GBMHeap(node: card), .writeCombining)
  }

  func testGBMOnVirtioKeepsTheContract() throws {
    let card = try PresentHeap.dumbBuffers(of: "virtio_gpu").node
    try check(GBMHeap(node: card))
  }

  func testGBMOnCirrusKeepsTheContract() throws {
    let card = try PresentHeap.dumbBuffers(of: "cirrus").node
    try check(GBMHeap(node: card))
  }

  func testGBMOnRenderNodeKeepsTheContract() throws {
    for finding in Heaps.found() {
      if case .success(let heap as GBMHeap) = finding.heap, heap.node.string.contains("renderD") {
        return try check(heap, named: "gbm on virgl")
      }
    }
    throw XCTSkip("no node in /dev/dri/renderD* gives buffers by itself")
  }

  func testAbsentNodeIsNamed() {
    XCTAssertThrowsError(try DMAHeap("tightly-coupled")) {
      let failure = $0 as? SystemFailure
      XCTAssertEqual(failure?.object, "/dev/dma_heap/tightly-coupled")
      XCTAssertEqual(failure?.errno, .noSuchFileOrDirectory)
      XCTAssertEqual(failure?.isUnsupported, true)
    }
  }

  func testNodeOfAnotherKindIsRefused() {
    let attempts: [() throws -> any Heap] = [
      { try GBMHeap(node: "/dev/null") }, { try DumbBufferHeap(node: "/dev/null") },
      { try DMAHeap("../null") },
    ]
    for attempt in attempts {
      XCTAssertThrowsError(try attempt()) {
        XCTAssertTrue(($0 as? SystemFailure)?.isUnsupported ?? false, "\($0)")
      }
    }
  }

  private func check(
    _ heap: any Heap, named name: String? = nil, _ caching: Caching = .cached
  ) throws {
    let name = name ?? heap.label
    try HeapContract(heap: heap, name: name, caching: caching, test: self).check()
  }

  private func skippingWhereAbsent<Found: Heap>(
    _ make: () throws(SystemFailure) -> Found
  ) throws -> Found {
    do {
      return try make()
    } catch {
      throw error.errno == .noSuchFileOrDirectory ? XCTSkip("\(error)") : error
    }
  }
}

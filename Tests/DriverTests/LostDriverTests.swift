import Foundation
import SystemPackage
import TestSupport
import TexAlloc
import TexAllocEGL
import XCTest

/// Drivers that go while their memory is in use. In the guest only, and in one of its own: whoever
/// has opened a node keeps its module.
final class LostDriverTests: XCTestCase {
  func testAnUnloadedModuleIsATypedErrorUntilItIsBack() throws {
    _ = try Monitor()
    let heap = try PresentHeap.dumbBuffers(of: "vgem")
    try CapabilityTable.check(heap.label, "typed: module unloaded", in: self) {
      XCTAssertEqual(try modprobe("-r", "vgem"), 0)
      let failure = SystemFailure("open", on: heap.node.string, .noSuchFileOrDirectory)
      XCTAssertThrowsError(try heap.makeSlab(of: 1)) {
        XCTAssertEqual($0 as? SystemFailure, failure)
      }
      let pool = try TexturePool(for: [], from: [heap])
      XCTAssertThrowsError(try pool.allocate(image)) {
        XCTAssertEqual($0 as? AllocationError, .heap(failure))
      }
      XCTAssertEqual(pool.statistics.slabs, 0)
      XCTAssertFalse(Heaps.present().contains { $0.name == heap.name })
      XCTAssertEqual(try modprobe("vgem"), 0)
      XCTAssertNoThrow(try heap.makeSlab(of: 1))
      XCTAssertNoThrow(try pool.allocate(image))
    }
  }

  func testAModuleWhoseMemoryIsHeldStays() throws {
    _ = try Monitor()
    let card = try PresentHeap.dumbBuffers(of: "vgem")
    for heap in [card, try GBMHeap(node: card.node)] as [any Heap] {
      let buffer = try TexturePool(for: [], from: [heap]).allocate(image)
      let written = buffer.writePattern()
      XCTAssertNotEqual(try modprobe("-r", "vgem"), 0)
      XCTAssertTrue(try shows(buffer, written))
      XCTAssertNoThrow(try heap.makeSlab(of: 1))
    }
  }

  func testWhatIsMappedOutlivesItsDriver() throws {
    for (driver, bus) in [("virtio_gpu", "virtio"), ("cirrus", "pci")] {
      let binding = try DriverBinding(of: driver, on: bus)
      let card = try PresentHeap.dumbBuffers(of: driver)
      try CapabilityTable.check(card.label, "outlives its driver", in: self) {
        try checkLoss(of: card, at: binding)
        try checkReturn(of: card)
      }
    }
  }

  func testWhatGBMMappedOutlivesItsDriver() throws {
    let binding = try DriverBinding(of: "virtio_gpu", on: "virtio")
    let card = try PresentHeap.dumbBuffers(of: "virtio_gpu")
    try CapabilityTable.check("gbm:virtio_gpu", "outlives its driver", in: self) {
      try checkLoss(of: GBMHeap(node: card.node), at: binding)
      try checkReturn(of: card)
    }
  }

  private let image = ImageDescriptor(width: 33, height: 7, formats: [.abgr8888])

  /// New memory is refused with a typed error; what is there is written, drawn and imported anew.
  private func checkLoss(of heap: any Heap, at binding: DriverBinding) throws {
    let gpu = try EGLDevice.importing()
    let pool = try TexturePool(for: [gpu], from: [heap])
    let early = try gpu.register(pool.allocate(image))
    XCTAssertEqual(try early.shownPixels().count, 33 * 7 * 4)

    try binding.unbind()
    XCTAssertThrowsError(try heap.makeSlab(of: 1)) {
      guard let failure = $0 as? SystemFailure else { return XCTFail("\($0)") }
      XCTAssertTrue(failure.isUnsupported, "\(failure)")
      XCTAssertTrue(failure.object.hasPrefix("/dev/dri/"), "\(failure)")
    }
    let first = early.buffer.writePattern(seed: 1)
    XCTAssertEqual(try early.shownPixels(), first, heap.name)
    let late = try gpu.register(pool.allocate(image))
    XCTAssertEqual(early.buffer.descriptor, late.buffer.descriptor, "of one slab")
    let second = late.buffer.writePattern(seed: 2)
    XCTAssertEqual(try late.shownPixels(), second, heap.name)
    try binding.bind()
  }

  private func checkReturn(of card: DumbBufferHeap) throws {
    let again = try XCTUnwrap(Heaps.present().first { $0.name == card.name })
    XCTAssertNoThrow(try again.makeSlab(of: 1))
  }

  private func shows(_ buffer: TextureBuffer, _ rows: [UInt8]) throws -> Bool {
    let (layout, size) = (buffer.layout, buffer.layout.rowSize(ofPlane: 0))
    return try buffer.withContents { bytes in
      rows.indices.allSatisfy {
        bytes[$0 / size * layout.planes[0].pitch + $0 % size] == rows[$0]
      }
    }
  }

  private func modprobe(_ arguments: String...) throws -> Int32 {
    let process = Process()
    process.executableURL = URL(filePath: "/sbin/modprobe")
    process.arguments = arguments
    try process.run()
    process.waitUntilExit()
    return process.terminationStatus
  }
}

import Foundation
import SystemPackage
import TexAlloc
import XCTest

/// Nodes that go while a heap is in use. In the guest only, where they are nobody else's.
final class LostNodeTests: XCTestCase {
  func testRemovedNodeIsATypedErrorUntilItIsBack() throws {
    try withHeaps { node, heap in
      let away = "\(node).away"
      try FileManager.default.moveItem(atPath: node, toPath: away)
      expect(.noSuchFileOrDirectory, of: node, from: heap, "typed: node removed")
      try FileManager.default.moveItem(atPath: away, toPath: node)
      XCTAssertNoThrow(try heap.makeSlab(of: 1))
    }
  }

  func testPermissionTakenAwayIsATypedErrorUntilItIsBack() throws {
    try withHeaps { node, heap in
      unsafe chmod(node, 0)
      seteuid(65534)
      expect(.permissionDenied, of: node, from: heap, "typed: no permission")
      seteuid(0)
      unsafe chmod(node, 0o600)
      XCTAssertNoThrow(try heap.makeSlab(of: 1))
    }
  }

  private func withHeaps(_ body: (_ node: String, any Heap) throws -> Void) throws {
    _ = try Monitor()
    let card = try PresentHeap.dumbBuffers(of: "vgem")
    try body("/dev/udmabuf", UDMABufHeap())
    try body("/dev/dma_heap/system", DMAHeap("system"))
    try body(card.node.string, card)
  }

  private func expect(
    _ errno: Errno, of node: String, from heap: any Heap, _ capability: String
  ) {
    let failure = SystemFailure("open", on: node, errno)
    XCTAssertThrowsError(try heap.makeSlab(of: 1)) {
      XCTAssertEqual($0 as? SystemFailure, failure)
      CapabilityTable.print(heap.name, capability, $0 as? SystemFailure == failure)
    }
  }
}

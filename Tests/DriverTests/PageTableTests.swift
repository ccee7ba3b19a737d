import XCTest

@testable import TexAlloc

/// What the heaps say of their caching, against what stands in the processor's page tables.
final class PageTableTests: XCTestCase {
  func testPagesAreMappedAsTheirHeapSays() throws {
    let monitor = try Monitor()
    let heaps = try PresentHeap.all() + [PresentHeap(name: MemfdHeap.name, heap: MemfdHeap())]
    let slabs = try heaps.map {
      (
        name: $0.name, verdict: try XCTUnwrap($0.heap as? any ProbedHeap).caching,
        slab: try $0.heap.makeSlab(of: 1)
      )
    }
    for (_, _, slab) in slabs { unsafe slab.bytes(in: 0..<1)[0] = 1 }

    let flags = try flagsByAddress(of: slabs.map { address(of: $0.slab) }, monitor)
    for (name, verdict, slab) in slabs {
      let found = try XCTUnwrap(flags[address(of: slab)])
      let isWriteCombining = found.contains("T") && !found.contains("C")
      XCTAssertEqual(isWriteCombining, name.hasSuffix("vgem"), "\(name): \(found)")
      XCTAssertFalse(found.contains("C"), "\(name) is uncached")
      // An emulated processor may take so long that nobody knows.
      let held = verdict.caching ?? (isWriteCombining ? .writeCombining : .cached)
      XCTAssertEqual(isWriteCombining, held == .writeCombining, "\(name): \(found), \(verdict)")
      XCTAssertEqual(slab.caching, verdict.stated, name)
      CapabilityTable.print(
        name, "page tables agree", isWriteCombining == (held == .writeCombining))
    }
  }

  /// Lines are `address: page flags`. Linux has PWT alone (T) stand for write-combining, PCD (C) for
  /// uncached. Another process may be the one that the processors have mapped just then.
  private func flagsByAddress(of addresses: [UInt], _ monitor: Monitor) throws -> [UInt: Substring]
  {
    let request = "pages " + addresses.map { String($0, radix: 16) }.joined(separator: " ")
    var flags: [UInt: Substring] = [:]
    for _ in 0..<50 where addresses.contains(where: { flags[$0] == nil }) {
      for line in try monitor.ask(request).split(whereSeparator: \.isNewline) {
        let words = line.split(separator: " ")
        flags[UInt(words[0].dropLast(), radix: 16) ?? 0] = words[2]
      }
    }
    return flags
  }

  private func address(of slab: Slab) -> UInt {
    unsafe UInt(bitPattern: slab.bytes(in: 0..<slab.size).baseAddress)
  }
}

import TexAlloc
import XCTest

/// A heap of this machine, called by its driver too where several drivers give one of that name.
struct PresentHeap {
  let name: String
  let heap: any Heap

  /// Every heap but memfd, and GBM on each card, not on the best alone.
  ///
  /// - Throws: `XCTSkip` with what is absent, and why, where there is nothing but memfd.
  static func all() throws -> [PresentHeap] {
    let found = Heaps.found()
    let heaps = found.compactMap { try? $0.heap.get() }.filter { $0.name != MemfdHeap.name }
    let cards = heaps.compactMap { $0 as? DumbBufferHeap }
    let gbm = try ["vgem", "virtio_gpu"].flatMap { driver in
      try cards.filter { $0.name == DumbBufferHeap.name(driver) }.map {
        PresentHeap(name: "gbm on \(driver)", heap: try GBMHeap(node: $0.node))
      }
    }
    let others = heaps.filter { $0.name != GBMHeap.name }
    guard !others.isEmpty else {
      throw XCTSkip(found.map { "\($0)" }.joined(separator: "; "))
    }
    return gbm + others.map { PresentHeap(name: $0.name, heap: $0) }
  }

  /// - Throws: `XCTSkip` where no card has this driver.
  static func dumbBuffers(of driver: String) throws -> DumbBufferHeap {
    for heap in Heaps.present() where heap.name == DumbBufferHeap.name(driver) {
      if let heap = heap as? DumbBufferHeap { return heap }
    }
    throw XCTSkip("no card in /dev/dri whose driver is \(driver)")
  }
}

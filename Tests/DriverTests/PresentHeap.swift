import TexAlloc
import XCTest

/// A heap of this machine.
struct PresentHeap {
  /// Its kind and its driver, for the table.
  let name: String
  let heap: any Heap

  /// Every heap but memfd.
  ///
  /// - Throws: `XCTSkip` with what is absent, and why, where there is nothing but memfd.
  static func all() throws -> [PresentHeap] {
    let found = Heaps.found()
    let heaps = found.compactMap { try? $0.heap.get() }.filter { $0.name != MemfdHeap.name }
    guard !heaps.isEmpty else {
      throw XCTSkip(found.map { "\($0)" }.joined(separator: "; "))
    }
    return heaps.map { PresentHeap(name: $0.label, heap: $0) }
  }

  /// Those of this machine, looked for once: in an emulated guest that takes seconds.
  static let shared = Heaps.present()

  /// - Throws: `XCTSkip` where no card has this driver.
  static func dumbBuffers(of driver: String) throws -> DumbBufferHeap {
    for case let heap as DumbBufferHeap in Heaps.present() where heap.driver == driver {
      return heap
    }
    throw XCTSkip("no card in /dev/dri whose driver is \(driver)")
  }
}

extension Heap {
  /// Its name in the table, in which every driver has one card.
  var label: String { String(name.prefix { $0 != "@" }) }
}

import TexAlloc
import XCTest

final class HeapsTests: XCTestCase {
  func testEveryKindIsFoundOrAbsentWithItsReason() {
    let found = Heaps.found()
    for finding in found { print(finding) }
    let kinds = found.map { String($0.name.prefix { $0 != ":" }) }
    var order: [String] = []
    for kind in kinds where order.last != kind { order.append(kind) }
    XCTAssertEqual(order, ["gbm", "dma-heap", "udmabuf", "drm-dumb", "memfd"])
    for finding in found {
      guard case .failure(let reason) = finding.heap else { continue }
      XCTAssertTrue(reason.object.hasPrefix("/dev/"), "\(finding)")
    }
  }

  func testThoseThatArePresentAreThoseThatWereFound() {
    let found = Heaps.found().compactMap { try? $0.heap.get().name }
    XCTAssertEqual(Heaps.present().map(\.name), found)
    XCTAssertEqual(found.last, MemfdHeap.name)
  }
}

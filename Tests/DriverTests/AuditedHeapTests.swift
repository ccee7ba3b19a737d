import AuditSupport
import TexAlloc
import TexAllocAudit
import XCTest

/// Memory of every heap can be mapped twice and protected, hence audited.
final class AuditedHeapTests: XCTestCase {
  func testEveryStoreToEveryHeapIsSeen() throws {
    let row = [UInt8](repeating: 7, count: 404)
    for heap in Heaps.present() {
      let pool = try TexturePool(for: [], from: [heap])
      let image = ImageDescriptor(width: 101, height: 40, formats: [.abgr8888])
      let buffer = try pool.allocate(image)
      let report = try XCTAssertWriteCombiningFriendly(pool, heap.name) {
        var writer = buffer.writer()
        for y in 0..<40 { writer.write(row.span, row: y) }
      }
      XCTAssertEqual(report.storedBytes, 40 * buffer.layout.planes[0].pitch, heap.name)
      XCTAssertEqual(report.exposures, 0, heap.name)
      let isWritten = try buffer.withContents { bytes in
        (0..<40).allSatisfy { bytes[$0 * buffer.layout.planes[0].pitch + 403] == 7 }
      }
      XCTAssertTrue(isWritten, heap.name)
    }
  }
}

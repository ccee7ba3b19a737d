import TexAlloc
import TexAllocEGL
import XCTest

/// Formats of cameras, of which a device says that only an external texture samples them.
final class PackedFormatTests: XCTestCase {
  func testPackedImagesOfEveryHeapAreImported() throws {
    let heaps = try PresentHeap.all()
    let gpu = try EGLDevice.surfaceless(.software)
    if let obstacle = gpu.importObstacle { throw XCTSkip(obstacle) }
    for present in heaps {
      let pool = try TexturePool(for: [], from: [present.heap])
      let findings = try gpu.survey(in: pool)
      for fourcc in [Fourcc.yuyv, .uyvy] {
        let finding = findings.first { $0.format == Format(fourcc) }
        XCTAssertEqual(finding?.outcome, .imports, "\(present.name): \(fourcc)")
        CapabilityTable.print(
          present.name, "\(fourcc) imported", finding?.outcome == .imports)
      }
    }
  }
}

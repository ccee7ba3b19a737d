@testable import TexAlloc
import XCTest

/// Images that no memory can be had for: each is an error with its words, and the pool stays usable.
final class ImpossibleImageTests: XCTestCase {
  func testAnEmptyImageIsAnErrorThatNamesItsSize() throws {
    let pool = try TexturePool(for: [], from: [MemfdHeap()])
    for (width, height) in [(0, 5), (5, 0), (0, 0), (-1, 5), (5, -1)] {
      let image = ImageDescriptor(width: width, height: height, formats: [.abgr8888])
      XCTAssertThrowsError(try pool.allocate(image)) {
        guard case AllocationError.conflict = $0 else { return XCTFail("\($0)") }
        XCTAssertTrue("\($0)".contains("\(min(width, height))"), "\($0)")
        XCTAssertTrue("\($0)".contains("no image can be so"), "nobody is to blame: \($0)")
      }
    }
  }

  func testAnImageLargerThanTheMachinesMemoryIsAnErrorThatNamesIt() throws {
    let pool = try TexturePool(for: [], from: [MemfdHeap()])
    let memory = PoolLimits.machineMemory
    let image = ImageDescriptor(width: 1 << 16, height: memory >> 17, formats: [.abgr8888])
    for flags in [AllocationFlags.texture, [.texture, .exportable]] {
      XCTAssertThrowsError(try pool.allocate(image, for: flags)) {
        guard case AllocationError.budget(_, _, memory) = $0 else { return XCTFail("\($0)") }
      }
    }
    XCTAssertEqual(pool.statistics.slabs, 0)
  }

  /// From there on the number of a page no longer fits those that ranges are made of.
  func testAnImageOf8TiBIsAnErrorThatNamesTheLimit() throws {
    let pool = try TexturePool(for: [], from: [MemfdHeap()], limits: PoolLimits(budget: .max))
    for side in [1 << 20, 1 << 24, 1 << 29] {
      let image = ImageDescriptor(width: 2 * side, height: side, formats: [.abgr8888])
      for flags in [AllocationFlags.texture, [.texture, .dedicated], [.texture, .exportable]] {
        XCTAssertThrowsError(try pool.allocate(image, for: flags)) {
          guard case AllocationError.tooLarge(8 * side * side, let limit) = $0 else {
            return XCTFail("\($0)")
          }
          XCTAssertEqual(limit, (8 << 40) - pageSize)
        }
      }
    }
    XCTAssertEqual(pool.statistics.slabs, 0)
  }
}

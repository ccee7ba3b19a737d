import XCTest

@testable import TexAlloc

/// Memory that images are tried out in.
final class TrialMemoryTests: XCTestCase {
  func testATrialLiesOutsideTheBudgetAndTheStatistics() throws {
    let limits = PoolLimits(firstSlab: pageSize, budget: pageSize, prefault: 0)
    let pool = try TexturePool(for: [], from: [MemfdHeap()], limits: limits)
    let image = ImageDescriptor(width: 32, height: 32, formats: [.abgr8888])
    let buffer = try pool.allocate(image)
    let before = pool.statistics
    let trial = try XCTUnwrap(buffer.makeTrial())
    XCTAssertEqual(pool.statistics, before)
    XCTAssertEqual(trial.heap, buffer.heap)
    XCTAssertEqual(trial.caching, buffer.caching)
    XCTAssertNotEqual(trial.offset, 0)
    XCTAssertEqual(trial.layout.planes[0].pitch, buffer.layout.planes[0].pitch)
    var writer = trial.writer()
    writer.fill(0..<writer.rowCount, with: 3)
  }

  func testATrialOfAnotherDriversMemoryIsAcceptedAsItsImagesAre() throws {
    let panel = BufferAttributes(name: "panel") { $0.heaps = ["known"] }
    for isForeign in [true, false] {
      let pool = try TexturePool(for: [], from: [FakeHeap("lent", isForeign: isForeign)])
      let buffer = try pool.allocate(ImageDescriptor(width: 32, height: 32, formats: [.abgr8888]))
      let trial = try XCTUnwrap(buffer.makeTrial())
      for image in [buffer, trial] {
        XCTAssertEqual(image.heap, "lent")
        if isForeign {
          XCTAssertNoThrow(try panel.accept(image))
        } else {
          XCTAssertThrowsError(try panel.accept(image))
        }
      }
    }
  }

  func testATrialHasTheFirstRowsOfEveryPlane() throws {
    let pool = try TexturePool(for: [], from: [MemfdHeap()])
    for (fourcc, rows) in [(Fourcc.abgr8888, [16]), (.nv12, [16, 8])] {
      let image = ImageDescriptor(width: 4000, height: 3000, formats: [fourcc])
      let buffer = try pool.allocate(image)
      let trial = try XCTUnwrap(buffer.makeTrial())
      XCTAssertEqual(trial.layout.height, 16)
      XCTAssertEqual(trial.layout.planes.map(\.rows), rows)
      XCTAssertEqual(trial.layout.planes.map(\.pitch), buffer.layout.planes.map(\.pitch))
      for (plane, whole) in zip(trial.layout.planes, buffer.layout.planes) {
        let step = min(whole.offset & -whole.offset, pageSize)
        XCTAssertTrue(step == 0 || plane.offset.isMultiple(of: step))
      }
      XCTAssertLessThan(trial.slabSize, 1 << 20)
      for plane in trial.layout.planes.indices {
        var writer = trial.writer(ofPlane: plane)
        writer.fill(0..<writer.rowCount, with: 3)
      }
    }
  }
}

import XCTest

@testable import TexAlloc

/// What the pool knows of pages, and does with them.
final class PagesTests: XCTestCase {
  /// 64 MiB.
  private let huge = ImageDescriptor(width: 4096, height: 4096, formats: [.abgr8888])

  func testALargeImageThatNobodyWritesCostsNothing() throws {
    let pool = try TexturePool(for: [], from: [MemfdHeap()])
    let buffer = try pool.allocate(huge)
    buffer.discard(because: "the file ends before its image does")
    XCTAssertEqual(pool.statistics.residentBytes, 0)
    XCTAssertEqual(try residentPages(of: buffer), 0)
  }

  func testZeroesAreWrittenOnlyWhereSomebodyWas() throws {
    let pool = try TexturePool(for: [], from: [MemfdHeap()], limits: PoolLimits(prefault: 0))
    let fresh = try pool.allocate(huge, for: [.texture, .zeroed])
    XCTAssertEqual(try residentPages(of: fresh), 0)

    let small = ImageDescriptor(width: 64, height: 64, formats: [.abgr8888])
    do {
      let dirty = try pool.allocate(small)
      var writer = dirty.writer()
      writer.fill(0..<64, with: 7)
    }
    pool.trim()
    let again = try pool.allocate(small, for: [.texture, .zeroed])
    XCTAssertEqual(try residentPages(of: again), 0, "what was given back is zero")
  }

  /// Those that the kernel has in the file.
  private func residentPages(of buffer: TextureBuffer) throws -> Int {
    let slab = try XCTUnwrap(buffer.slab)
    var found = [UInt8](repeating: 0, count: slab.size / pageSize)
    let bytes = unsafe slab.bytes(in: 0..<slab.size)
    XCTAssertEqual(unsafe mincore(bytes.baseAddress, bytes.count, &found), 0)
    return found.count { $0 & 1 == 1 }
  }
}

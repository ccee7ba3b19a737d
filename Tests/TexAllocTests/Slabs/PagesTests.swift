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

  /// The next one's would not be made ready.
  func testPagesOfADiscardedImageAreNotTakenForReady() throws {
    let pool = try TexturePool(
      for: [], from: [MemfdHeap()], limits: PoolLimits(firstSlab: 32 << 20, prefault: 1 << 12))
    let image = ImageDescriptor(width: 1024, height: 2048, formats: [.abgr8888])
    for isDiscarded in [true, false] {
      do {
        let buffer = try pool.allocate(image)
        if isDiscarded { buffer.discard(because: "the file ends before its image does") }
      }
      let resident = pool.statistics.residentBytes
      XCTAssertEqual(resident, isDiscarded ? 0 : 8 << 20, "it may be that all was written")
    }
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

  func testPagesOfALargeImageAreReadyAtMostAMebibyteAheadOfItsWriter() throws {
    let pool = try TexturePool(for: [], from: [MemfdHeap()])
    let buffer = try pool.allocate(huge)
    var writer = buffer.writer()
    let row = [UInt8](repeating: 7, count: writer.rowSize)  // 16 KiB
    var faults = 0
    for y in 0..<512 {
      if y > 0, y.isMultiple(of: 32) {
        let written = y * row.count
        var patience = 5_000
        while try residentPages(of: buffer) * pageSize < written + (512 << 10), patience > 0 {
          usleep(1_000)
          patience -= 1
        }
        XCTAssertLessThanOrEqual(try residentPages(of: buffer) * pageSize, written + (1 << 20))
      }
      let before = minorFaults()
      writer.write(row.span, row: y)
      if y >= 32 { faults += minorFaults() - before }
    }
    // AddressSanitizer's record of the memory, an eighth of it, is new.
    XCTAssertLessThan(faults, 480 * 4 / 8 + 100, "of \(480 * 4) pages")
  }

  func testPagesThatTheKernelRefusesAreNotReadyAndTheSnapshotSaysSo() throws {
    let pool = try TexturePool(for: [], from: [MemfdHeap()])
    let buffer = try pool.allocate(huge)
    let slab = try XCTUnwrap(buffer.slab)
    let bytes = unsafe slab.bytes(in: 0..<slab.size)
    XCTAssertEqual(unsafe mprotect(bytes.baseAddress, bytes.count, PROT_NONE), 0)
    XCTAssertThrowsError(try slab.populate(0..<pageSize)) {
      XCTAssertEqual(($0 as? SystemFailure)?.operation, "MADV_POPULATE_WRITE")
    }
    let store = try XCTUnwrap(buffer.memory as? PooledMemory).store
    XCTAssertEqual(store.makeReady(0..<slab.size, of: slab), 512 << 10)
    for _ in 0..<5_000 where pool.snapshot.slabs[0].refusal == nil { usleep(1_000) }
    let found = try XCTUnwrap(pool.snapshot.slabs.first)
    XCTAssertEqual(found.refusal?.contains("MADV_POPULATE_WRITE"), true)
    XCTAssertEqual(found.resident, 0)
  }

  /// Those that the kernel has in the file.
  private func residentPages(of buffer: TextureBuffer) throws -> Int {
    let slab = try XCTUnwrap(buffer.slab)
    var found = [UInt8](repeating: 0, count: slab.size / pageSize)
    let bytes = unsafe slab.bytes(in: 0..<slab.size)
    XCTAssertEqual(unsafe mincore(bytes.baseAddress, bytes.count, &found), 0)
    return found.count { $0 & 1 == 1 }
  }

  private func minorFaults() -> Int {
    var usage = rusage()
    let thread = __rusage_who_t(1)  // RUSAGE_THREAD, which the headers keep to GNU sources
    XCTAssertEqual(unsafe getrusage(thread, &usage), 0)
    return usage.ru_minflt
  }
}

import TexAlloc
import XCTest

final class ImageAllocatorTests: XCTestCase {
  private let small = ImageDescriptor(width: 30, height: 20, formats: [.abgr8888])

  func testWithoutTheFlagTheMemoryIsOrdinaryAndAligned() throws {
    let images = try ImageAllocator(for: [], from: [MemfdHeap()])
    let buffer = try images.allocate(small, for: .cpuRead)
    XCTAssertEqual(buffer.heap, "memory")
    XCTAssertEqual(buffer.caching, .cached)
    XCTAssertEqual(images.pool.statistics.slabs, 0)
    XCTAssertTrue(buffer.layout.planes[0].pitch.isMultiple(of: PlaneWriter.lineSize))
    do {
      var writer = buffer.writer()
      writer.fill(writer.rows, with: 7)
    }
    XCTAssertTrue(try bytes(of: buffer).allSatisfy { $0 == 7 })
  }

  func testWithTheFlagTheMemoryIsThePools() throws {
    let images = try ImageAllocator(for: [], from: [MemfdHeap()])
    let buffer = try images.allocate(small, for: .texture)
    XCTAssertEqual(buffer.heap, "memfd")
    XCTAssertEqual(images.pool.statistics.slots, 1)
  }

  func testAReaderMovesTheImageToCachedMemoryByMerging() throws {
    let fast = FakeHeap("write-combining", caching: .writeCombining)
    let images = try ImageAllocator(for: [], from: [fast, MemfdHeap()])
    XCTAssertEqual(try images.allocate(small, for: .texture).heap, "write-combining")
    XCTAssertEqual(try images.allocate(small, for: [.texture, .cpuRead]).heap, "memfd")
    XCTAssertEqual(images.pool.statistics.slabs, 2)
  }

  func testAReaderStaysInThePoolWhereItsMemoryIsCached() throws {
    let images = try ImageAllocator(for: [], from: [MemfdHeap()])
    let buffer = try images.allocate(small, for: [.texture, .cpuRead])
    XCTAssertEqual(images.pool.statistics.slots, 1)
    XCTAssertNoThrow(try buffer.pixels())
  }

  func testWhereNoHeapIsCachedAReaderIsAnErrorThatNamesIt() throws {
    let fast = FakeHeap("write-combining", caching: .writeCombining)
    let images = try ImageAllocator(for: [], from: [fast])
    XCTAssertThrowsError(try images.allocate(small, for: [.texture, .cpuRead])) {
      guard case AllocationError.noHeap(let verdicts) = $0 else { return XCTFail("\($0)") }
      XCTAssertTrue(verdicts[0].description.contains("cpu reader"), "\(verdicts)")
    }
    XCTAssertNoThrow(try images.allocate(small, for: .texture))
  }

  func testADedicatedImageSharesItsSlabWithNoOther() throws {
    let pool = try TexturePool(for: [], from: [MemfdHeap()])
    let alone = try pool.allocate(small, for: [.texture, .dedicated])
    let others = try (0..<3).map { _ in try pool.allocate(small) }
    let second = try pool.allocate(small, for: [.texture, .dedicated])
    XCTAssertEqual(alone.offset, 0)
    XCTAssertEqual(alone.slabSize, alone.layout.size)
    XCTAssertEqual(Set((others + [alone, second]).compactMap(\.descriptor)).count, 3)
    XCTAssertEqual(pool.statistics.slabs, 3)
  }

  func testZeroedMemoryIsZeroEvenWhenItIsUsedAgain() throws {
    let pool = try TexturePool(for: [], from: [MemfdHeap()])
    for flags in [AllocationFlags.texture, [.texture, .zeroed], [.texture, .zeroed, .dedicated]] {
      do {
        let dirty = try pool.allocate(small, for: flags.subtracting(.zeroed))
        var writer = dirty.writer()
        writer.fill(0..<writer.rowCount, with: 0xA5)
      }
      let buffer = try pool.allocate(small, for: flags)
      XCTAssertEqual(
        try bytes(of: buffer).allSatisfy { $0 == 0 }, flags.contains(.zeroed), "\(flags)")
    }
  }

  func testOrdinaryMemoryIsZeroedOnRequest() throws {
    let images = try ImageAllocator(for: [], from: [MemfdHeap()])
    for _ in 0..<8 {
      let buffer = try images.allocate(small, for: [.zeroed, .cpuRead])
      XCTAssertTrue(try bytes(of: buffer).allSatisfy { $0 == 0 })
      var writer = buffer.writer()
      writer.fill(0..<writer.rowCount, with: 0xA5)
    }
  }

  func testAnImageThatCannotExistIsATypedError() throws {
    let images = try ImageAllocator(for: [], from: [MemfdHeap()])
    let huge = ImageDescriptor(width: 1 << 30, height: 1 << 26, formats: [.abgr8888])
    for flags in [[], AllocationFlags.texture, [.texture, .exportable]] {
      XCTAssertThrowsError(try images.allocate(huge, for: flags)) {
        XCTAssertTrue($0 is AllocationError)
      }
    }
    XCTAssertEqual(images.pool.statistics.slabs, 0)
  }

  private func bytes(of buffer: TextureBuffer) throws -> [UInt8] {
    try buffer.withContents { span in span.indices.map { span[$0] } }
  }
}

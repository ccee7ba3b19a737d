import TestSupport
import TexAlloc
import XCTest

final class TexturePoolTests: XCTestCase {
  func testRowsAreWrittenWithTheirPaddingAndNothingElseIs() throws {
    let pool = try TexturePool(for: [])
    let formats: [Fourcc] = [.abgr8888, .r8, .rgb565, .nv12]
    for width in [1, 15, 16, 17, 63, 64, 65, 257] {
      let descriptor = { (fourcc: Fourcc) in
        ImageDescriptor(width: width, height: 3, formats: [fourcc])
      }
      for fourcc in formats {
        let before = try pool.allocate(descriptor(fourcc))
        let subject = try pool.allocate(descriptor(fourcc))
        let after = try pool.allocate(descriptor(fourcc))
        for guarded in [before, after] { fill(guarded, with: 0xA5) }
        for plane in subject.layout.planes.indices {
          var writer = subject.writer(ofPlane: plane)
          let row = [UInt8](repeating: 7, count: writer.rowSize)
          for y in 0..<writer.rowCount { writer.write(row.span, row: y) }
        }
        for guarded in [before, after] {
          for plane in guarded.layout.planes.indices {
            XCTAssertTrue(try bytes(of: guarded, plane).allSatisfy { $0 == 0xA5 })
          }
        }
        for plane in subject.layout.planes.indices {
          let (pitch, rowSize) = (
            subject.layout.planes[plane].pitch, subject.layout.rowSize(ofPlane: plane)
          )
          let row =
            [UInt8](repeating: 7, count: rowSize) + [UInt8](repeating: 0, count: pitch - rowSize)
          let rows = subject.layout.rowCount(ofPlane: plane)
          let written = try bytes(of: subject, plane).prefix(pitch * rows)
          XCTAssertEqual(Array(written), Array(repeatElement(row, count: rows).joined()))
        }
      }
    }
    XCTAssertEqual(pool.statistics.slots, 0)
  }

  func testEveryWriterGetsItsOwnLayoutHoweverManyThereAre() throws {
    let pool = try TexturePool(for: [], from: [MemfdHeap()])
    for _ in 0..<2 {
      for number in 1...40 {
        let writer = BufferAttributes(name: "writer") {
          $0.formats = [Format(.r8)]
          $0.pitchAlignment = 64 * number
        }
        for width in [1, 100] {
          let image = ImageDescriptor(width: width, height: 2, writtenBy: writer)
          let pitch = try pool.allocate(image).layout.planes[0].pitch
          XCTAssertEqual(pitch, (width + 64 * number - 1) / (64 * number) * 64 * number)
        }
      }
    }
  }

  func testReleasedSlotIsNotReusedBeforeItsFence() throws {
    var limits = PoolLimits()
    limits.budget = limits.firstSlab
    let pool = try TexturePool(for: [], limits: limits)
    let large = ImageDescriptor(width: 1000, height: 1000, formats: [.abgr8888])
    let fence = ManualFence()
    do { try pool.allocate(large).hold(until: fence) }
    XCTAssertEqual(pool.statistics.waitingSlots, 1)
    XCTAssertThrowsError(try pool.allocate(large)) {
      guard case AllocationError.budget = $0 else { return XCTFail("\($0)") }
    }
    fence.pass()
    XCTAssertNoThrow(try pool.allocate(large))
  }

  func testSlabsOfSizesThatDoNotComeBackDoNotPileUp() throws {
    let pool = try TexturePool(for: [], from: [MemfdHeap()])
    let limits = PoolLimits()
    for side in stride(from: 2100, to: 6000, by: 300) {
      let image = ImageDescriptor(width: side, height: side, formats: [.abgr8888])
      _ = try pool.allocate(image)
      XCTAssertLessThanOrEqual(pool.statistics.slabBytes, 2 * limits.largestSlab, "\(side)")
    }
    let image = ImageDescriptor(width: 64, height: 64, formats: [.abgr8888])
    for _ in 0..<2 { _ = try pool.allocate(image, for: [.texture, .dedicated]) }
    let before = pool.statistics.slabs
    _ = try pool.allocate(image, for: [.texture, .dedicated])
    XCTAssertEqual(pool.statistics.slabs, before)
  }

  func testTheNextPhotographFindsPagesWhileTheGPUHasTheOneBefore() throws {
    let pool = try TexturePool(for: [], from: [MemfdHeap()], limits: PoolLimits(prefault: 0))
    for (image, count) in [
      (ImageDescriptor(width: 4000, height: 3000, formats: [.abgr8888]), 2),
      (ImageDescriptor(width: 6000, height: 4000, formats: [.abgr8888]), 1),
    ] {
      for _ in 0..<2 {
        let held = try (0..<count).map { _ in try pool.allocate(image) }
        withExtendedLifetime(held) {}
      }
      let slabs = pool.statistics.slabs
      let again = try (0..<count).map { _ in try pool.allocate(image) }
      XCTAssertEqual(pool.statistics.slabs, slabs, "\(image)")
      withExtendedLifetime(again) {}
    }
  }

  func testStatisticsTellAPersonWhatThePoolHolds() throws {
    let limits = PoolLimits(firstSlab: 2 << 20, prefault: 0)
    let pool = try TexturePool(for: [], from: [MemfdHeap()], limits: limits)
    let image = ImageDescriptor(width: 512, height: 256, formats: [.abgr8888])
    let held = try pool.allocate(image)
    XCTAssertEqual(
      pool.statistics.description,
      "1 slots of 0.5 MiB, 0 of them waiting, in 1 slabs of 2.0 MiB, 0.5 MiB of which have pages")
    withExtendedLifetime(held) {}
  }

  private func fill(_ buffer: TextureBuffer, with byte: UInt8) {
    for plane in buffer.layout.planes.indices {
      var writer = buffer.writer(ofPlane: plane)
      writer.fill(0..<writer.rowCount, with: byte)
    }
  }

  private func bytes(of buffer: TextureBuffer, _ plane: Int) throws -> [UInt8] {
    try buffer.withContents(ofPlane: plane) { span in
      span.indices.map { span[$0] }
    }
  }
}

import Foundation
import SystemPackage
import TestSupport
import TexAlloc
import XCTest

final class HeapChoiceTests: XCTestCase {
  private let image = ImageDescriptor(width: 30, height: 20, formats: [.abgr8888])

  func testAHeapThatFailsWhenItIsTriedMakesRoomForTheNext() throws {
    let device = FakeDevice(refusing: "first")
    let pool = try TexturePool(
      for: [device], from: [FakeHeap("first"), FakeHeap("second"), FakeHeap("third")])
    XCTAssertEqual(pool.plan.heap, "second")
    XCTAssertEqual(try pool.allocate(image).heap, "second")
    XCTAssertEqual(
      pool.plan.verdicts.map(\.description),
      [
        "first: device refused the buffer: pixels: wanted those written, held others",
        "second: chosen", "third: would do, but ranks below second",
      ])
    XCTAssertTrue(pool.plan.reason.hasSuffix("now that first failed when tried"))
  }

  func testTheHeapsThatADeviceListsFirstComeFirst() throws {
    let gpu = FakeDevice { $0.heaps = ["own", "shared", "other"] }
    let camera = FakeDevice()
    let heaps = ["other", "memory", "shared", "own"].map { FakeHeap($0) }
    XCTAssertEqual(
      Heaps.sorted(heaps, for: [camera, gpu]).map(\.name), ["own", "shared", "other", "memory"])
    XCTAssertEqual(Heaps.sorted(heaps, for: [camera]).map(\.name), heaps.map(\.name))
  }

  func testWhereEveryHeapFailsEachSaysWhy() throws {
    let device = FakeDevice(refusing: "only")
    XCTAssertThrowsError(try TexturePool(for: [device], from: [FakeHeap("only")])) {
      guard case AllocationError.noHeap(let verdicts) = $0 else { return XCTFail("\($0)") }
      XCTAssertEqual(verdicts.map(\.heap), ["only"])
      XCTAssertTrue(verdicts[0].description.contains("pixels"))
    }
  }

  func testADeviceThatCanUseNoHeapCopiesFromThePlainestThatItReads() throws {
    let device = FakeDevice(
      refusing: "only", copying: BufferAttributes(name: "device") { $0.caching = [.cached] }
    ) { $0.heaps = ["only"] }
    let heaps = [FakeHeap("only", caching: .writeCombining), FakeHeap("other"), FakeHeap("plain")]
    let pool = try TexturePool(for: [device], from: heaps)
    XCTAssertTrue(pool.plan.isCopied)
    XCTAssertEqual(pool.plan.heap, "plain")
    XCTAssertEqual(pool.plan.verdicts.map(\.heap), ["plain", "only", "other"])
    XCTAssertTrue(pool.plan.verdicts[1].description.contains("pixels"))
    XCTAssertEqual(try pool.allocate(image).heap, "plain")
  }

  func testADeviceThatCanUseAHeapDoesNotCopy() throws {
    let device = FakeDevice(copying: BufferAttributes(name: "device"))
    XCTAssertFalse(try TexturePool(for: [device], from: [FakeHeap("only")]).plan.isCopied)
  }

  func testAHeapThatGivesNoMemoryMakesRoomForTheNext() throws {
    let failure = SystemFailure("DMA_HEAP_IOCTL_ALLOC", on: "/dev/dma_heap/cma", .noMemory)
    let pool = try TexturePool(
      for: [FakeDevice()], from: [FakeHeap("cma", failingWith: failure), FakeHeap("system")])
    XCTAssertEqual(pool.plan.heap, "system")
    XCTAssertTrue(pool.plan.verdicts[0].description.contains("\(failure)"))
  }

  func testTheCachingThatRanksFirstWins() throws {
    let heaps = [FakeHeap("cached"), FakeHeap("fast", caching: .writeCombining)]
    XCTAssertEqual(try TexturePool(for: [], from: heaps).plan.heap, "fast")
  }

  func testACarveOutThatIsAbsentIsAConflictInHeapsThatSaysSo() throws {
    let accelerator = FakeDevice { $0.heaps = [DMAHeap.name("tcm")] }
    XCTAssertThrowsError(try TexturePool(for: [accelerator], from: [MemfdHeap()])) {
      guard case AllocationError.noHeap(let verdicts) = $0 else { return XCTFail("\($0)") }
      XCTAssertEqual(
        verdicts.map(\.description),
        [
          "memfd: conflict in heaps: device accepts only heap dma-heap:tcm;"
            + " memfd accepts only heap memfd",
          "dma-heap:tcm: absent, though device asks for it",
        ])
    }
    XCTAssertEqual(
      try TexturePool(for: [accelerator], from: [MemfdHeap(), FakeHeap("dma-heap:tcm")]).plan.heap,
      "dma-heap:tcm")
  }

  func testAFailingHeapIsATypedErrorAndLeavesNothing() throws {
    let errnos: [Errno] = [
      .noMemory, .tooManyOpenFiles, .operationNotSupportedByDevice, .permissionDenied,
    ]
    for errno in errnos {
      let failure = SystemFailure("DMA_HEAP_IOCTL_ALLOC", on: "/dev/dma_heap/system", errno)
      let pool = try TexturePool(for: [], from: [FakeHeap("broken", failingWith: failure)])
      let before = try memoryDescriptors()
      for flags in [AllocationFlags.texture, [.texture, .dedicated], [.texture, .exportable]] {
        XCTAssertThrowsError(try pool.allocate(image, for: flags)) {
          XCTAssertEqual($0 as? AllocationError, .heap(failure))
          XCTAssertTrue("\($0)".contains("/dev/dma_heap/system"), "\($0)")
        }
      }
      XCTAssertEqual(pool.statistics.slabs, 0)
      XCTAssertEqual(pool.statistics.slots, 0)
      XCTAssertTrue(try memoryDescriptors().isSubset(of: before))
    }
  }

  func testADeviceThatDoesNotShareTheCachesHasEachImageAlone() throws {
    let far = FakeDevice(isCoherent: false)
    for heap in Heaps.present() where heap.attributes.caching == [.cached] {
      let pool = try TexturePool(for: [far], from: [heap])
      let buffers = try (0..<3).map { _ in try pool.allocate(image) }
      XCTAssertEqual(Set(buffers.compactMap(\.descriptor)).count, 3, heap.name)
      XCTAssertEqual(buffers.map(\.offset), [0, 0, 0], heap.name)
      for buffer in buffers {
        var writer = buffer.writer()
        writer.fill(0..<writer.rowCount, with: 5)
      }
      XCTAssertEqual(try buffers[0].withReadback { $0[0] }, 5, heap.name)
    }

    // Write-combining memory needs no more than the store fence.
    let fast = FakeHeap("fast", caching: .writeCombining)
    let shared = try TexturePool(for: [far], from: [fast])
    let pair = try (0..<2).map { _ in try shared.allocate(image) }
    XCTAssertEqual(Set(pair.compactMap(\.descriptor)).count, 1)
  }
}

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
    let plan = try pool.plan(for: image)
    XCTAssertEqual(plan.heap, "second")
    XCTAssertEqual(try pool.allocate(image).heap, "second")
    XCTAssertEqual(
      plan.verdicts.map(\.description),
      [
        "first: device refused the buffer: pixels: wanted those written, held others",
        "second: chosen", "third: would do, but ranks below second",
      ])
    XCTAssertTrue(plan.reason.hasSuffix("now that first failed when tried"))
  }

  func testMemoryOfAnotherDriverIsTriedThoughNoDeviceListsIt() throws {
    let heaps = [FakeHeap("foreign", isForeign: true), FakeHeap("unknown")]
    let gpu = FakeDevice { $0.heaps = ["known"] }
    let plan = try TexturePool(for: [gpu], from: heaps).plan(for: image)
    XCTAssertEqual(plan.heap, "foreign")
    XCTAssertEqual(plan.route, .imported)

    let averse = FakeDevice(refusing: "foreign") { $0.heaps = ["known"] }
    let verdicts = try XCTUnwrap(
      heapVerdicts { try TexturePool(for: [averse], from: heaps).allocate(image) })
    XCTAssertTrue(verdicts[0].description.contains("pixels"), "\(verdicts)")

    let copying = FakeDevice(
      refusing: "foreign", offers: [.transferred: .fake { $0.heaps = ["its own"] }]
    ) { $0.heaps = ["known"] }
    XCTAssertThrowsError(try TexturePool(for: [copying], from: heaps).allocate(image)) {
      XCTAssertTrue("\($0)".contains("accepts only heap its own"), "\($0)")
    }
  }

  func testMemoryOfAnotherDriverThatADeviceListsIsTriedToo() throws {
    let foreign = FakeHeap("foreign", isForeign: true)
    let panel = FakeDevice { $0.heaps = ["known", "foreign"] }
    XCTAssertEqual(try TexturePool(for: [panel], from: [foreign]).plan(for: image).heap, "foreign")
  }

  func testMemoryOfAnotherDriverServesDevicesThatHaveNoHeapInCommon() throws {
    let devices = [
      FakeDevice("gpu") { $0.heaps = ["its own"] }, FakeDevice("panel") { $0.heaps = ["carved"] },
    ]
    let heaps = [FakeHeap("its own"), FakeHeap("foreign", isForeign: true), FakeHeap("carved")]
    let plan = try TexturePool(for: devices, from: heaps).plan(for: image)
    XCTAssertEqual(plan.heap, "foreign")
    XCTAssertEqual(plan.route, .imported)
    XCTAssertTrue(
      plan.verdicts.contains { $0.heap == "carved" && $0.description.contains("its own") },
      "\(plan.verdicts)")
    XCTAssertThrowsError(
      try TexturePool(for: devices, from: [heaps[0], heaps[2]]).plan(for: image))
  }

  func testADeviceThatListsNoHeapImportsWhatIsAnotherDriversAlone() throws {
    let gpu = FakeDevice(offers: [.imported: .fake { $0.heaps = [] }])
    let heaps = [FakeHeap("known"), FakeHeap("foreign", isForeign: true)]
    XCTAssertEqual(try TexturePool(for: [gpu], from: heaps).plan(for: image).heap, "foreign")
    XCTAssertThrowsError(try TexturePool(for: [gpu], from: [heaps[0]]).plan(for: image)) {
      XCTAssertTrue("\($0)".contains("it takes none of the heaps"), "\($0)")
    }
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
    let pool = try TexturePool(for: [FakeDevice(refusing: "only")], from: [FakeHeap("only")])
    let verdicts = try XCTUnwrap(heapVerdicts { try pool.allocate(image) })
    XCTAssertEqual(verdicts.map(\.heap), ["only"])
    XCTAssertTrue(verdicts[0].description.contains("pixels"))
  }

  func testAHeapThatGivesNoMemoryMakesRoomForTheNext() throws {
    let failure = SystemFailure("DMA_HEAP_IOCTL_ALLOC", on: "/dev/dma_heap/cma", .noMemory)
    let pool = try TexturePool(
      for: [FakeDevice()], from: [FakeHeap("cma", failingWith: failure), FakeHeap("system")])
    let plan = try pool.plan(for: image)
    XCTAssertEqual(plan.heap, "system")
    XCTAssertTrue(plan.verdicts[0].description.contains("\(failure)"))
  }

  func testTheCachingThatRanksFirstWins() throws {
    let heaps = [FakeHeap("cached"), FakeHeap("fast", caching: .writeCombining)]
    XCTAssertEqual(try TexturePool(for: [], from: heaps).plan(for: image).heap, "fast")
  }

  func testACarveOutThatIsAbsentIsAConflictInHeapsThatSaysSo() throws {
    let accelerator = FakeDevice { $0.heaps = [DMAHeap.name("tcm")] }
    let pool = try TexturePool(for: [accelerator], from: [MemfdHeap()])
    let verdicts = try XCTUnwrap(heapVerdicts { try pool.allocate(image) })
    XCTAssertEqual(
      verdicts.map(\.description),
      [
        "memfd: conflict in heaps: device accepts only heap dma-heap:tcm;"
          + " memfd accepts only heap memfd",
        "dma-heap:tcm: absent, though device asks for it",
      ])
    XCTAssertEqual(
      try TexturePool(for: [accelerator], from: [MemfdHeap(), FakeHeap("dma-heap:tcm")])
        .allocate(image).heap,
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
      XCTAssertEqual(try buffers[0].withContents { $0[0] }, 5, heap.name)
    }

    // Write-combining memory needs no more than the store fence.
    let fast = FakeHeap("fast", caching: .writeCombining)
    let shared = try TexturePool(for: [far], from: [fast])
    let pair = try (0..<2).map { _ in try shared.allocate(image) }
    XCTAssertEqual(Set(pair.compactMap(\.descriptor)).count, 1)
  }

  /// What stands in the way of the only route that a device takes.
  private func heapVerdicts(_ allocate: () throws -> TextureBuffer) -> [HeapVerdict]? {
    do {
      _ = try allocate()
    } catch AllocationError.noRoute(let verdicts) {
      if case .noHeap(let heaps) = verdicts.first?.reason { return heaps }
    } catch {
      XCTFail("\(error)")
    }
    return nil
  }
}

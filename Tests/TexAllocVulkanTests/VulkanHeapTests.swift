import Dispatch
import Synchronization
import TestSupport
import TexAlloc
import XCTest

@testable import TexAllocVulkan

/// Memory of a GPU as a heap.
final class VulkanHeapTests: VulkanTestCase {
  func testEachTypeOfMemoryThatTheCPUCanMapIsAHeap() throws {
    let gpu = try device()
    let visible = gpu.description.memoryTypes.filter { $0.isHostVisible && $0.isOrdinary }
    XCTAssertEqual(gpu.memoryHeaps.map(\.type.index).sorted(), visible.map(\.index))
    for heap in gpu.memoryHeaps {
      XCTAssertTrue(heap.name.hasPrefix("vulkan:\(gpu.description.uuid):\(heap.type.index)"))
      XCTAssertEqual(heap.attributes.heaps, [heap.name])
      let slab = try heap.makeSlab(of: 100_000)
      XCTAssertTrue(unsafe slab.bytes(in: 0..<slab.size).allSatisfy { $0 == 0 })
      XCTAssertEqual(slab.caching, heap.caching.stated)
      print("\(heap.name): \(heap.type): \(heap.caching)")
    }
  }

  func testSlabsAreMadeOnAnyThreadAndOutliveTheirDevice() throws {
    var slab: Slab?
    do {
      let gpu = try device()
      let heap = try XCTUnwrap(gpu.memoryHeaps.first)
      let results = Mutex<[Result<Slab, SystemFailure>]>([])
      DispatchQueue.concurrentPerform(iterations: 4) { _ in
        let result = Result { () throws(SystemFailure) in try heap.makeSlab(of: 1 << 20) }
        results.withLock { $0.append(result) }
      }
      for result in results.withLock({ $0 }) { slab = try result.get() }
    }
    let bytes = try unsafe XCTUnwrap(slab).bytes(in: 0..<1 << 20)
    unsafe bytes.initializeMemory(as: UInt8.self, repeating: 7)
    XCTAssertEqual(unsafe bytes[1 << 19], 7)
  }

  func testASlabBeyondTheBudgetIsRefusedByName() throws {
    let gpu = try device()
    let heap = try XCTUnwrap(gpu.memoryHeaps.first)
    XCTAssertThrowsError(try heap.makeSlab(of: 1 << 44)) {
      let failure = $0 as? SystemFailure
      XCTAssertEqual(failure?.errno, .noMemory)
      XCTAssertEqual(failure?.object, heap.name)
    }
  }

  func testTheSecondDeviceHasMemoryOfItsOwn() throws {
    let (first, second) = (try device(), try device())
    let heap = try XCTUnwrap(first.memoryHeaps.first)
    XCTAssertNotEqual(heap.name, second.memoryHeaps.first?.name)
    let buffer = try pool(for: first, of: heap).allocate(
      ImageDescriptor(width: 8, height: 8, formats: [.r8]))
    buffer.paintTrial(0)
    XCTAssertThrowsError(try second.register(buffer)) {
      XCTAssertEqual(($0 as? RegistrationRefused)?.cause, .heap)
    }
  }

  func testTheDevicesOwnMemoryComesFirstUnlessItIsAWindow() {
    func type(_ index: Int, local: Bool, size: Int) -> VulkanMemoryType {
      VulkanMemoryType(
        index: index, heap: 0, heapSize: size, isDeviceLocal: local, isHostVisible: true,
        isCoherent: true, isCached: false, isOrdinary: true)
    }
    let (host, window) = (
      type(0, local: false, size: 64 << 30), type(1, local: true, size: 256 << 20)
    )
    let wide = type(2, local: true, size: 80 << 30)
    XCTAssertEqual(VulkanHeaps.ranked([host, window, wide]).map(\.index), [2, 0, 1])
  }

  func testAThousandSlabsLeaveNothingBehind() throws {
    let gpu = try device()
    let heap = try XCTUnwrap(gpu.memoryHeaps.first)
    let before = gpu.statistics.liveAllocations
    for _ in 0..<1000 {
      let slab = try heap.makeSlab(of: 1 << 16)
      XCTAssertEqual(slab.size, 1 << 16)
    }
    XCTAssertEqual(gpu.statistics.liveAllocations, before)
    XCTAssertEqual(gpu.statistics.liveBytes, 0)
  }
}

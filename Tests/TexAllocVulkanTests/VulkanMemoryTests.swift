import CVulkan
import Foundation
import Glibc
import Synchronization
import TestSupport
import TexAlloc
import XCTest

@testable import TexAllocVulkan

/// What is allocated of a driver, when, and what is left of it.
final class VulkanMemoryTests: VulkanTestCase {
  private let image = ImageDescriptor(width: 64, height: 64, formats: [.abgr8888])

  func testAThousandSlabsLeaveTheProcessAsItWas() throws {
    let gpu = try device()
    let heap = try XCTUnwrap(gpu.memoryHeaps.first)
    // One of its own memory, and one of others' that is imported, which both hold an image.
    func makeAndDrop(_ count: Int) throws {
      for number in 0..<count {
        let pool = try pool(for: gpu, of: number % 2 == 0 ? heap : MemfdHeap())
        let buffer = try pool.allocate(image)
        buffer.paint(1)
        _ = try gpu.register(buffer)
        try gpu.collect()
        // What the queue still uses would be counted as well.
        XCTAssertTrue(try gpu.makeFence().wait(until: .now + .seconds(60)))
        try gpu.collect()
      }
    }
    try makeAndDrop(50)
    let before = try ProcessMemory(with: gpu)
    try makeAndDrop(1000)
    // Threads of pools may take a moment to end.
    let deadline = ContinuousClock.now + .seconds(60)
    var after = try ProcessMemory(with: gpu)
    while !after.isAbout(before), .now < deadline {
      usleep(10_000)
      after = try ProcessMemory(with: gpu)
    }
    XCTAssertTrue(after.isAbout(before), "\(before), then \(after)")
  }

  func testNoMemoryOfTheDeviceIsAllocatedOnTheHotPath() throws {
    for route in [Route.imported, .transferred] {
      let gpu = try device(route: route, by: TroubledDriver.loader())
      let pool = try TexturePool(for: [gpu])
      func frame(_ turn: Int) throws {
        let textures = try (0..<8).map { _ in
          let buffer = try pool.allocate(image)
          buffer.paintTrial(turn)
          return try gpu.register(buffer)
        }
        try gpu.collect()
        XCTAssertTrue(try gpu.makeFence().wait(until: .now + .seconds(60)))
        pool.collect()
        withExtendedLifetime(textures) {}
      }
      // The pool may have a slab in reserve, which a thread of its own makes.
      for turn in 0..<5 { try frame(turn) }
      let slabs = pool.statistics.slabs
      let before = TroubledDriver.count(of: "vkAllocateMemory")
      for turn in 5..<50 { try frame(turn) }
      let allocated = TroubledDriver.count(of: "vkAllocateMemory") - before
      let new = pool.statistics.slabs - slabs
      XCTAssertLessThanOrEqual(allocated, new, "\(route)")
      XCTAssertLessThanOrEqual(new, 1, "360 images, 8 at a time")
    }
  }

  func testTheBudgetIsRespectedByHeapsAndImages() throws {
    let gpu = try device(route: .transferred, by: TroubledDriver.loader())
    guard gpu.description.extensions.contains("VK_EXT_memory_budget") else {
      throw XCTSkip("no VK_EXT_memory_budget here")
    }
    let heap = try XCTUnwrap(gpu.memoryHeaps.first)
    // So large that its image has memory for itself.
    let buffer = try TexturePool(for: [gpu]).allocate(
      ImageDescriptor(width: 2048, height: 1200, formats: [.abgr8888]))
    buffer.paint(1)
    let before = TroubledDriver.count(of: "vkAllocateMemory")
    TroubledDriver.budget.store(65_536, ordering: .relaxed)
    XCTAssertThrowsError(try heap.makeSlab(of: 65_537)) {
      XCTAssertEqual(($0 as? SystemFailure)?.operation, "VK_EXT_memory_budget")
      XCTAssertEqual(($0 as? SystemFailure)?.errno, .noMemory)
    }
    XCTAssertThrowsError(try gpu.register(buffer), "its image has no room") {
      XCTAssertEqual(($0 as? RegistrationRefused)?.cause, .trial)
    }
    XCTAssertEqual(TroubledDriver.count(of: "vkAllocateMemory"), before, "nobody asked the driver")
    XCTAssertNoThrow(try heap.makeSlab(of: 65_536))
    TroubledDriver.budget.store(1 << 30, ordering: .relaxed)
    XCTAssertNoThrow(try gpu.register(buffer))
  }

  func testASmallImageFitsWhereNoBlockDoes() throws {
    let gpu = try device(by: TroubledDriver.loader())
    guard gpu.description.extensions.contains("VK_EXT_memory_budget") else {
      throw XCTSkip("no VK_EXT_memory_budget here")
    }
    let memory = ImageMemory(on: gpu.connection, in: gpu.ledger)
    let needs = VkMemoryRequirements(size: 65_536, alignment: 4096, memoryTypeBits: .max)
    TroubledDriver.budget.store(65_536, ordering: .relaxed)
    XCTAssertEqual(try memory.allocate(needs).memory.size, 65_536)
    TroubledDriver.budget.store(65_535, ordering: .relaxed)
    XCTAssertThrowsError(try memory.allocate(needs)) {
      XCTAssertEqual(($0 as? VulkanFailure)?.cause, .outOfMemory)
    }
    TroubledDriver.budget.store(1 << 30, ordering: .relaxed)
    XCTAssertGreaterThan(try memory.allocate(needs).memory.size, 65_536)
  }

  func testAnImportIsFreedBeforeItsMemoryIsUnmapped() throws {
    let gpu = try device(by: TroubledDriver.loader())
    guard gpu.importsHostMemory else { throw XCTSkip("no VK_EXT_external_memory_host here") }
    let format = try XCTUnwrap(PlaneFormat.planes(XCTUnwrap(FormatTable.known[.abgr8888]))?.first)
    let rule = try XCTUnwrap(gpu.images.rule(for: format))
    do {
      let owner = try MappedPages(1 << 16)
      let slab = try unsafe Slab(
        mapped: owner.bytes, ownedBy: owner, of: "pages", caching: .cached)
      XCTAssertNotEqual(try gpu.slabImages(of: slab, for: rule.memory).memory.handleType, 0)
      TroubledDriver.calls.withLock { $0 = [] }
    }
    XCTAssertEqual(TroubledDriver.calls.withLock { $0 }, ["vkFreeMemory", "munmap"])
  }

  func testADeviceIsNotClosedWhileAnImageIsMade() throws {
    let gpu = try device(by: TroubledDriver.loader())
    let buffer = try pool(for: gpu, of: MemfdHeap()).allocate(image)
    buffer.paint(1)
    let outcomes = Mutex<[VulkanFailure?]>([])
    TroubledDriver.whileCreatingImages.withLock {
      $0 = { [unowned gpu] in
        let result = Result { () throws(VulkanFailure) in try gpu.close() }
        outcomes.withLock {
          if case .failure(let failure) = result { $0.append(failure) } else { $0.append(nil) }
        }
        // Whatever the driver is called for from now on, it is after the end.
        if case .success = result { TroubledDriver.calls.withLock { $0 = [] } }
      }
    }
    // No memory of the device is alive while its first image is made.
    _ = try? gpu.texture(for: buffer, mipmapped: true)
    TroubledDriver.whileCreatingImages.withLock { $0 = nil }
    let seen = outcomes.withLock { $0 }
    XCTAssertFalse(seen.isEmpty)
    for outcome in seen { XCTAssertEqual(outcome?.cause, .inUse) }
    XCTAssertFalse(gpu.isClosed)
    try gpu.collect()
    XCTAssertTrue(try gpu.makeFence().wait(until: .now + .seconds(60)))
  }

  func testADeviceThatIsUsedByManyThreadsIsClosedInOrder() throws {
    // With the validation layer, which sees what is used after its end.
    for _ in 0..<10 {
      let gpu = try device()
      let pool = try pool(for: gpu, of: MemfdHeap())
      let isClosed = Atomic(false)
      let image = image
      DispatchQueue.concurrentPerform(iterations: 3) { index in
        if index == 0 {
          defer { isClosed.store(true, ordering: .releasing) }
          let deadline = ContinuousClock.now + .seconds(60)
          while !gpu.isClosed, .now < deadline {
            do { try gpu.close() } catch {
              XCTAssertEqual((error as? VulkanFailure)?.cause, .inUse)
            }
          }
          return XCTAssertTrue(gpu.isClosed)
        }
        while !isClosed.load(ordering: .acquiring) {
          guard let buffer = try? pool.allocate(image) else { continue }
          buffer.paint(1)
          do {
            _ = try index == 1 ? gpu.register(buffer) : gpu.texture(for: buffer, mipmapped: true)
          } catch { XCTAssertEqual((error as? RegistrationRefused)?.cause, .closed) }
          usleep(200)
        }
      }
      XCTAssertEqual(gpu.statistics.liveAllocations, 0)
    }
  }
}

/// What a device, and the kernel, count of this process.
private struct ProcessMemory: CustomStringConvertible {
  private let allocations, mappedFiles, descriptors, residentMiB: Int
  /// Whether a sanitizer has set the process's addresses aside; it also keeps memory that was freed.
  private let isSanitized: Bool

  init(with gpu: VulkanDevice) throws {
    allocations = gpu.statistics.liveAllocations
    mappedFiles = try Self.text(of: "maps").split(separator: "\n").count { $0.contains("memfd:") }
    descriptors = try FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd").count
    let pages = try Self.text(of: "statm").split(separator: " ").compactMap { Int($0) }
    isSanitized = pages[0] * pageSize >= 1 << 40
    residentMiB = pages[1] * pageSize >> 20
  }

  private static func text(of name: String) throws -> String {
    try String(contentsOf: URL(filePath: "/proc/self/\(name)"), encoding: .utf8)
  }

  /// Five hundred slabs of each kind would be as many allocations, mappings and descriptors, and thousands
  /// of MiB.
  func isAbout(_ other: ProcessMemory) -> Bool {
    allocations < other.allocations + 50 && mappedFiles < other.mappedFiles + 50
      && descriptors < other.descriptors + 50
      && (isSanitized || residentMiB < other.residentMiB + 256)
  }

  var description: String {
    "\(allocations) allocations, \(mappedFiles) mappings, \(descriptors) descriptors, \(residentMiB) MiB"
  }
}

/// Memory of the process, which tells when it goes.
@safe private final class MappedPages: @unchecked Sendable {  // the address never changes
  let bytes: UnsafeMutableRawBufferPointer

  init(_ size: Int) throws {
    let address = unsafe mmap(
      nil, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0)
    guard let address = unsafe address, unsafe address != MAP_FAILED else {
      throw XCTSkip("no memory")
    }
    unsafe bytes = UnsafeMutableRawBufferPointer(start: address, count: size)
  }

  deinit {
    TroubledDriver.calls.withLock { $0.append("munmap") }
    unsafe munmap(bytes.baseAddress, bytes.count)
  }
}

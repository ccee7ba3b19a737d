import Foundation
import SystemPackage
import TestSupport
import TexAlloc
import XCTest

/// What every heap must do, whatever is behind it. Prints a line of the table of drivers and
/// capabilities for each.
struct HeapContract {
  let heap: any Heap
  /// What the table calls it.
  let name: String
  let caching: Caching
  let test: XCTestCase

  func check() throws {
    try capability("whole pages, zeroed") { try checkSizeAndZeroes() }
    try capability("bytes are kept") { try checkBytes() }
    try capability("caching", verdict: caching.rawValue) { try checkCaching() }
    try capability("cannot shrink") { try checkSize() }
    try capability("synchronizes") { try checkSynchronization() }
    try capability("100 rounds leak nothing") { try checkDescriptors() }
    try capability("typed: out of descriptors") { try checkExhaustion() }
    try capability("typed: absurd size") { checkAbsurdSizes() }
  }

  private func capability(
    _ name: String, verdict: String = "yes", _ check: () throws -> Void
  ) throws {
    try CapabilityTable.check(self.name, name, verdict: verdict, in: test, check)
  }

  private func checkSizeAndZeroes() throws {
    for size in [1, pageSize, 3 * pageSize + 1, 4 << 20] {
      let slab = try heap.makeSlab(of: size)
      XCTAssertEqual(slab.size, size.roundedUp(toMultipleOf: pageSize))
      XCTAssertEqual(slab.heap, heap.name)
      let zeroes = [UInt8](repeating: 0, count: slab.size)
      let bytes = unsafe slab.bytes(in: 0..<slab.size)
      XCTAssertEqual(unsafe memcmp(try XCTUnwrap(bytes.baseAddress), zeroes, zeroes.count), 0)
    }
  }

  /// What is written through the slab's mapping shows in another mapping of its descriptor, to the
  /// last byte.
  private func checkBytes() throws {
    let slab = try heap.makeSlab(of: 64 * pageSize)
    let words = unsafe slab.bytes(in: 0..<slab.size).bindMemory(to: UInt64.self)
    func word(_ index: Int) -> UInt64 { UInt64(index + 1) &* 0x9E37_79B9_7F4A_7C15 }
    for index in words.indices { unsafe words[index] = word(index) }

    let descriptor = try XCTUnwrap(slab.descriptor)
    let address = unsafe try XCTUnwrap(
      mmap(nil, slab.size, PROT_READ, MAP_SHARED, descriptor.rawValue, 0))
    guard unsafe address != MAP_FAILED else { throw Errno(rawValue: errno) }
    defer { unsafe munmap(address, slab.size) }
    let second = unsafe UnsafeRawBufferPointer(start: address, count: slab.size)
      .bindMemory(to: UInt64.self)
    XCTAssertTrue(second.indices.allSatisfy { unsafe second[$0] == word($0) })
  }

  private func checkCaching() throws {
    XCTAssertEqual(heap.attributes.caching, [caching])
    XCTAssertEqual(try heap.makeSlab(of: pageSize).caching, caching)
  }

  private func checkSize() throws {
    let slab = try heap.makeSlab(of: 2 * pageSize)
    let descriptor = try XCTUnwrap(slab.descriptor)
    XCTAssertLessThan(ftruncate(descriptor.rawValue, off_t(pageSize)), 0)
    XCTAssertGreaterThanOrEqual(Int(lseek(descriptor.rawValue, 0, SEEK_END)), slab.size)
  }

  private func checkSynchronization() throws {
    let slab = try heap.makeSlab(of: pageSize)
    for usage: Set<CPUUsage> in [[.read], [.sequentialWrite], [.read, .randomWrite]] {
      try slab.beginCPUAccess(for: usage)
      try slab.endCPUAccess(for: usage)
    }
  }

  private func checkDescriptors() throws {
    let before = try memoryDescriptors()
    for _ in 0..<100 { _ = try heap.makeSlab(of: pageSize) }
    XCTAssertTrue(try memoryDescriptors().isSubset(of: before))
  }

  private func checkExhaustion() throws {
    let before = try memoryDescriptors()
    var limit = rlimit()
    unsafe getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
    var exhausted = limit
    exhausted.rlim_cur = 0
    unsafe setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &exhausted)
    defer { unsafe setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) }
    XCTAssertThrowsError(try heap.makeSlab(of: pageSize)) {
      XCTAssertEqual(($0 as? SystemFailure)?.errno, .tooManyOpenFiles, "\($0)")
    }
    unsafe setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
    XCTAssertTrue(try memoryDescriptors().isSubset(of: before))
    XCTAssertNoThrow(try heap.makeSlab(of: pageSize))
  }

  private func checkAbsurdSizes() {
    for size in [Int.min, -1, 0, 1 << 62, Int.max] {
      XCTAssertThrowsError(try heap.makeSlab(of: size)) {
        XCTAssertNotEqual(($0 as? SystemFailure)?.object, "", "\($0)")
        XCTAssertTrue($0 is SystemFailure)
      }
    }
  }
}

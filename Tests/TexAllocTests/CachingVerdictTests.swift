import XCTest

@testable import TexAlloc

final class CachingVerdictTests: XCTestCase {
  /// 64 KiB in the second cache: 2 µs either way. The rest is what such memory is known to do, with
  /// a machine that is twice as slow or fast for a moment.
  func testVerdictOfTwoTimings() {
    let cases: [(read: Int, write: Int, Caching?)] = [
      (2, 2, .cached), (4, 4, .cached), (1, 1, .cached), (10, 20, .cached),
      (300, 12, .writeCombining), (600, 6, .writeCombining), (150, 40, .writeCombining),
      (300, 300, .uncached), (3000, 1500, .uncached),
      (20, 20, nil), (2, 300, nil), (300, 80, nil),
    ]
    for (read, write, verdict) in cases {
      let timing = MemoryTiming(read: .microseconds(read), write: .microseconds(write))
      let ordinary = MemoryTiming(read: .microseconds(2), write: .microseconds(2))
      XCTAssertEqual(Caching(timing: timing, ordinary: ordinary), verdict, "\(timing)")
    }
  }

  /// One H100 beside a Xeon, in GB/s of one core, plain loads and memcpy into it.
  func testVerdictOfWhatARealGPUGave() {
    let ordinary = timing(reading: 11.9, writing: 6.9)
    let cases: [(memory: String, MemoryTiming, Caching?)] = [
      ("persistent GL buffer", timing(reading: 20.5, writing: 8.8), .cached),
      ("Vulkan, host visible", timing(reading: 21.3, writing: 8.2), .cached),
      ("Vulkan, of the device", timing(reading: 0.008, writing: 10.7), .writeCombining),
      ("the same, read by streaming loads", timing(reading: 0.69, writing: 11), .writeCombining),
      ("the same, if each store went by itself", timing(reading: 0.008, writing: 0.06), .uncached),
    ]
    for (memory, timing, verdict) in cases {
      XCTAssertEqual(Caching(timing: timing, ordinary: ordinary), verdict, memory)
    }
  }

  func testWhatIsNotSureIsUnknownAndTreatedAsWriteCombining() {
    let timing = MemoryTiming(read: .microseconds(20), write: .microseconds(3))
    let ordinary = MemoryTiming(read: .microseconds(2), write: .microseconds(2))
    let verdict = CachingVerdict(timing: timing, ordinary: ordinary)
    XCTAssertNil(verdict.caching)
    XCTAssertEqual(verdict.stated, .writeCombining)
    XCTAssertTrue(verdict.description.hasPrefix("unknown, treated as writeCombining: reads "))
    XCTAssertEqual(
      BufferAttributes.heap("heap", verdict, provides: nil).caching, [.writeCombining])
  }

  func testOrdinaryMemoryIsFoundToBeCached() throws {
    let slab = try MemfdHeap().makeSlab(of: MemoryTiming.size)
    let verdict = unsafe CachingVerdict(measuring: slab.bytes(in: 0..<MemoryTiming.size))
    XCTAssertEqual(verdict.caching, .cached, "\(verdict)")
  }

  /// Memory that takes each store by itself shows it only where there are many.
  func testTimingWritesEveryByte() {
    let memory = UnsafeMutableRawBufferPointer.allocate(
      byteCount: MemoryTiming.size, alignment: pageSize)
    defer { unsafe memory.deallocate() }
    unsafe memory.initializeMemory(as: UInt8.self, repeating: 0xFF)
    _ = unsafe MemoryTiming.compare(memory)
    XCTAssertFalse(unsafe memory.contains(0xFF))
  }

  private func timing(reading: Double, writing: Double) -> MemoryTiming {
    func duration(_ gigabytes: Double) -> Duration {
      .nanoseconds(Int64(Double(MemoryTiming.size) / gigabytes))
    }
    return MemoryTiming(read: duration(reading), write: duration(writing))
  }
}

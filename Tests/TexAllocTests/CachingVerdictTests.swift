@testable import TexAlloc
import XCTest

final class CachingVerdictTests: XCTestCase {
  /// 64 KiB in the second cache: 2 µs either way. The rest is what such memory is known to do, with
  /// a machine that is twice as slow or fast for a moment.
  func testVerdictOfTwoTimings() {
    let ordinary = MemoryTiming(read: .microseconds(2), write: .microseconds(2))
    let cases: [(read: Int, write: Int, Caching)] = [
      (2, 2, .cached), (4, 4, .cached), (1, 1, .cached), (20, 20, .cached),
      (300, 12, .writeCombining), (600, 6, .writeCombining), (150, 40, .writeCombining),
      (300, 300, .uncached), (3000, 1500, .uncached),
    ]
    for (read, write, verdict) in cases {
      let timing = MemoryTiming(read: .microseconds(read), write: .microseconds(write))
      XCTAssertEqual(Caching(timing: timing, ordinary: ordinary), verdict, "\(timing)")
    }
  }

  func testOrdinaryMemoryIsFoundToBeCached() throws {
    let slab = try MemfdHeap().makeSlab(of: MemoryTiming.size)
    let timing = unsafe MemoryTiming(slab.bytes(in: 0..<MemoryTiming.size))
    let verdict = CachingVerdict(timing: timing, ordinary: .ofOrdinaryMemory())
    XCTAssertEqual(verdict.caching, .cached, "\(verdict)")
  }
}

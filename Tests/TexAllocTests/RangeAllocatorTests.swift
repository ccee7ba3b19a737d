import TestSupport
import XCTest

@testable import TexAlloc

final class RangeAllocatorTests: XCTestCase {
  /// Leases cannot be kept in an array; a box can.
  private final class Held {
    private var lease: RangeAllocator.Lease?
    let range: Range<Int>

    init(_ lease: consuming RangeAllocator.Lease) {
      range = lease.range
      self.lease = consume lease
    }

    func take() -> RangeAllocator.Lease? { lease.take() }
  }

  func testNoUnitIsHandedOutTwiceAndNoneIsLost() {
    for seed in 0..<10 as Range<UInt64> {
      var random = SplitMix64(seed: seed)
      var subject = RangeAllocator(capacity: 4096, granularity: 4)
      var model = [Bool](repeating: false, count: 4096)
      var live: [Held] = []
      for step in 0..<10_000 {
        if Bool.random(using: &random) {
          let size = Int.random(in: 1...300, using: &random)
          let alignment = [1, 4, 16, 64, 12].randomElement(using: &random) ?? 1
          guard let lease = subject.allocate(size, alignment: alignment) else {
            XCTAssertFalse(
              hasRoom(model, size: size * 2 + 128), "seed \(seed): refused \(size) too early")
            continue
          }
          let range = lease.range
          XCTAssertGreaterThanOrEqual(range.count, size)
          XCTAssertTrue(range.lowerBound.isMultiple(of: alignment))
          XCTAssertFalse(model[range].contains(true), "seed \(seed): \(range) overlaps")
          for unit in range { model[unit] = true }
          live.append(Held(lease))
        } else if let index = live.indices.randomElement(using: &random) {
          let held = live.remove(at: index)
          for unit in held.range { model[unit] = false }
          if let lease = held.take() { subject.free(lease) }
        }
        if step.isMultiple(of: 50) { subject.checkInvariants() }
      }
      while let held = live.popLast() { if let lease = held.take() { subject.free(lease) } }
      XCTAssertEqual(subject.freeRanges, [0..<4096])
    }
  }

  func testFullIsNilAndEmptyAgainGivesEverything() {
    var subject = RangeAllocator(capacity: 64)
    for _ in 0..<2 {
      guard let whole = subject.allocate(64) else { return XCTFail("an empty one is not full") }
      let range = whole.range
      XCTAssertEqual(range, 0..<64)
      let more = subject.allocate(1)?.range
      XCTAssertNil(more)
      subject.free(whole)
    }
  }

  private func hasRoom(_ model: [Bool], size: Int) -> Bool {
    model.split(separator: true).contains { $0.count >= size }
  }
}

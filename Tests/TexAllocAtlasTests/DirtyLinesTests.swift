import TestSupport
import XCTest

@testable import TexAllocAtlas

final class DirtyLinesTests: XCTestCase {
  func testTheLinesThatWereTouchedAreHandedOutInOrderAndOnce() {
    let (lines, rows) = (70, 12)
    var subject = DirtyLines(pitch: lines * 64, rowCount: rows)
    var random = SplitMix64(seed: 1)
    for _ in 0..<200 {
      var model = [Bool](repeating: false, count: lines * rows)
      for _ in 0..<Int.random(in: 0...4, using: &random) {
        let bytes = range(below: lines * 64, &random)
        let touched = range(below: rows, &random)
        subject.insert(bytes: bytes, ofRows: touched)
        for row in touched {
          for byte in bytes { model[row * lines + byte / 64] = true }
        }
      }
      var found = [Bool](repeating: false, count: lines * rows)
      var last = -1
      subject.removeAll { row, offset, marks in
        XCTAssertTrue(offset.isMultiple(of: 64 * 64))
        let first = row * lines + offset / 64
        for bit in 0..<64 where marks >> UInt64(bit) & 1 == 1 {
          XCTAssertGreaterThan(first + bit, last)
          last = first + bit
          found[last] = true
        }
      }
      XCTAssertEqual(found, model)
      XCTAssertTrue(subject.rows.isEmpty)
    }
  }

  private func range(below end: Int, _ random: inout SplitMix64) -> Range<Int> {
    let start = Int.random(in: 0..<end, using: &random)
    return start..<Int.random(in: start...end, using: &random)
  }
}

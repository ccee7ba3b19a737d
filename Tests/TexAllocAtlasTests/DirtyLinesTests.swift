import TestSupport
import XCTest

@testable import TexAllocAtlas

final class DirtyLinesTests: XCTestCase {
  func testRunsAreTheLinesThatWereTouchedInOrderAndOnce() {
    let (lines, rows) = (5, 12)
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
      subject.removeAll { row, bytes in
        let run = row * lines + bytes.lowerBound / 64..<row * lines + bytes.upperBound / 64
        XCTAssertGreaterThan(run.lowerBound, last)
        XCTAssertTrue(bytes.count > 0 && bytes.count.isMultiple(of: 64))
        for line in run { found[line] = true }
        last = run.upperBound - 1
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

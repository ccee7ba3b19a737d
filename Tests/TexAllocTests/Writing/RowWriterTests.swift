import TestSupport
import TexAlloc
import XCTest

final class RowWriterTests: XCTestCase {
  func testPiecesOfAnySizeMakeARow() {
    for seed in UInt64(0)..<2000 {
      var random = SplitMix64(seed: seed)
      let size = Int.random(in: 1...400, using: &random)
      GuardedPlane.with(rowSize: size, spareLines: Int.random(in: 0...1, using: &random)) { plane in
        var expected: [UInt8] = []
        plane.write { writer in
          var row = writer.row(0)
          for _ in 0..<Int.random(in: 0...12, using: &random) {
            let count = Int.random(in: 0...min(150, size - row.count), using: &random)
            if Bool.random(using: &random) {
              let byte = UInt8.random(in: 0...255, using: &random)
              row.append(repeating: byte, count: count)
              expected += Array(repeating: byte, count: count)
            } else {
              let bytes = (0..<count).map { _ in UInt8.random(in: 0...255, using: &random) }
              row.append(bytes.span)
              expected += bytes
            }
            XCTAssertEqual(row.count, expected.count)
          }
        }
        plane.expect([expected], "seed \(seed)")
      }
    }
  }

  func testARowThatNothingIsAppendedToIsZero() {
    GuardedPlane.with(rowSize: 100, rowCount: 2) { plane in
      plane.write { writer in
        writer.fill(0..<2, with: 9)
        _ = writer.row(1)
      }
      plane.expect([[UInt8](repeating: 9, count: 128), []], "only the second")
    }
  }
}

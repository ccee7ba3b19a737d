import TestSupport
import XCTest

@testable import TexAlloc

final class PageSetTests: XCTestCase {
  func testItAgreesWithAModelThatHasABooleanForEachPage() {
    for (seed, pages) in [1, 63, 64, 65, 200].enumerated() {
      var random = SplitMix64(seed: UInt64(seed))
      let size = 4096
      var subject = PageSet(of: pages * size - 7, pageSize: size)
      var model = [Bool](repeating: false, count: pages)
      for _ in 0..<2_000 {
        let ends = [0, 1].map { _ in Int.random(in: 0...pages * size, using: &random) }.sorted()
        let range = ends[0]..<ends[1]
        let touched = range.lowerBound / size..<(range.upperBound + size - 1) / size
        switch Int.random(in: 0..<3, using: &random) {
        case 0:
          subject.insert(range)
          for page in touched { model[page] = true }
        case 1:
          subject.remove(range)
          for page in touched { model[page] = false }
        default: break
        }
        let inside = model[touched]
        XCTAssertEqual(subject.contains(range), inside.allSatisfy { $0 }, "\(seed), \(range)")
        XCTAssertEqual(subject.isDisjoint(with: range), !inside.contains(true))
        XCTAssertEqual(subject.size(in: range), inside.count { $0 } * size)
        XCTAssertEqual(subject.size, model.count { $0 } * size)
        let gaps = subject.gaps(in: range)
        XCTAssertEqual(
          gaps.flatMap { $0.lowerBound / size..<$0.upperBound / size },
          touched.filter { !model[$0] })
        XCTAssertFalse(zip(gaps, gaps.dropFirst()).contains { $0.upperBound >= $1.lowerBound })
      }
    }
  }
}

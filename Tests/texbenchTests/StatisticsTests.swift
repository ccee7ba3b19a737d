import XCTest

@testable import texbench

final class StatisticsTests: XCTestCase {
  func testQuartilesLieBetweenNeighboursInProportion() {
    let odd = Quartiles([5, 1, 3, 2, 4])
    XCTAssertEqual([odd.lower, odd.median, odd.upper], [2, 3, 4])
    let even = Quartiles([4, 1, 3, 2])
    XCTAssertEqual([even.lower, even.median, even.upper], [1.75, 2.5, 3.25])
    let one = Quartiles([7])
    XCTAssertEqual([one.lower, one.median, one.upper], [7, 7, 7])
  }

  func testTheIntervalOfFewRatiosIsAllThatWasSeen() {
    let estimate = RatioEstimate([[1.2, 1.0, 1.1]])
    XCTAssertEqual(estimate, RatioEstimate(median: 1.1, low: 1.0, high: 1.2))
    XCTAssertEqual(estimate.width, 0.2 / 1.1, accuracy: 1e-12)
  }

  /// Of 25 values, the 8th and the 18th: the binomial distribution's 95 %.
  func testTheIntervalOfManyRatiosIsThatOfTheOrderStatistics() {
    let estimate = RatioEstimate([(1...25).map(Double.init).shuffled()])
    XCTAssertEqual(estimate, RatioEstimate(median: 13, low: 8, high: 18))
  }

  func testTheIntervalHoldsTheMedianOfEveryHeat() {
    let heats = [0.0, 1, 2, 10].map { heat in (1...20).map { heat + Double($0) / 100 } }
    let estimate = RatioEstimate(heats)
    XCTAssertEqual(estimate.low, 0.105, accuracy: 1e-12)
    XCTAssertEqual(estimate.high, 10.105, accuracy: 1e-12)
  }

  func testTheIntervalHoldsTheTrueMedianIn95Of100Runs() {
    var random = SplitMix64(seed: 3)
    for count in [6, 12, 25, 100] {
      let held = (0..<2000).filter { _ in
        let estimate = RatioEstimate([(0..<count).map { _ in .random(in: 0...1, using: &random) }])
        return estimate.low <= 0.5 && 0.5 <= estimate.high
      }
      XCTAssertGreaterThan(Double(held.count) / 2000, 0.93, "\(count) values")
    }
  }

  func testEveryOrderOfTurnsIsFollowedByItsReverse() {
    var turns = Turns(of: 5)
    for _ in 0..<20 {
      let pair = turns.nextPair()
      XCTAssertEqual(pair.prefix(5).sorted(), [0, 1, 2, 3, 4])
      XCTAssertEqual(Array(pair.prefix(5)), pair.suffix(5).reversed())
    }
    XCTAssertNotEqual(turns.nextPair(), turns.nextPair())
  }

  func testFiguresAreWrittenForPeople() {
    XCTAssertEqual(1_234_567.grouped, "1,234,567")
    XCTAssertEqual((-1000).grouped, "-1,000")
    XCTAssertEqual(1.0449.text(2), "1.04")
    XCTAssertEqual((-0.001).text(2), "0.00")
    XCTAssertEqual(999.0.time, "999 ns")
    XCTAssertEqual(12_100_000.0.time, "12.10 ms")
  }
}

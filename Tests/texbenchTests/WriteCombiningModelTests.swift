import XCTest

@testable import texbench

final class WriteCombiningModelTests: XCTestCase {
  private let model = WriteCombiningModel(busWrite: 10, partialWrite: 40, load: 500)

  func testWritesThatKeepUpCostNothing() {
    let counts = AccessCounts(loads: 0, fullLineWrites: 100, partialLineWrites: 2)
    let cost = model.cost(of: counts, cpu: 5000)
    XCTAssertEqual(cost, ModelledCost(counts: counts, bus: 1080, stalls: 0, total: 5000))
  }

  func testABusThatIsBusyLongerThanTheProcessorIsTheCost() {
    let counts = AccessCounts(loads: 0, fullLineWrites: 100, partialLineWrites: 200)
    XCTAssertEqual(model.cost(of: counts, cpu: 5000).total, 9000)
  }

  func testEveryLoadIsWaitedFor() {
    let counts = AccessCounts(loads: 3, fullLineWrites: 100, partialLineWrites: 0)
    XCTAssertEqual(model.cost(of: counts, cpu: 5000).total, 6500)
  }
}

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

  func testTheCostIsThatOfOneItem() {
    let counts = AccessCounts(loads: 2, fullLineWrites: 100, partialLineWrites: 0)
    let cost = model.cost(of: counts, cpu: 500, items: 10)
    XCTAssertEqual(cost, ModelledCost(counts: counts, bus: 100, stalls: 100, total: 200))
  }

  func testTheErrorIsThatAgainstTheSameRouteOnWriteCombiningMemory() throws {
    var random = SplitMix64(seed: 1)
    let routes = [("limit", 10), ("cached", 10), ("write-combining", 40)].map { name, count in
      Route(name: name) { { _ in for _ in 0..<count * 10_000 { _ = random.next() } } }
    }
    let race = try Race(Comparison(title: "spin", item: "turn", routes: routes))
    try race.run(for: 1, atLeast: 10) { _ in }
    var result = race.result
    let measured = try XCTUnwrap(result.routes[1].cpu).median
    let counts = AccessCounts(loads: Int(measured / 500), fullLineWrites: 0, partialLineWrites: 0)
    result.addModel(
      of: "cached", counts, items: 1, foretelling: "write-combining", by: model)
    let row = try XCTUnwrap(result.routes.last)
    XCTAssertEqual(row.name, "modelled: cached")
    XCTAssertEqual(row.ratio.median, 2 * result.routes[1].ratio.median, accuracy: 0.05)
    XCTAssertEqual(try XCTUnwrap(row.model?.error), -0.5, accuracy: 0.2)
  }
}

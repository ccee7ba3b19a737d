import XCTest

@testable import texbench

final class WriteCombiningModelTests: XCTestCase {
  private let model = WriteCombiningModel(busWrite: 10, partialWrite: 40, load: 500)

  func testWritesThatKeepUpCostNothing() {
    let counts = AccessCounts(loads: 0, fullLineWrites: 100, partialLineWrites: 2)
    let cost = model.cost(of: counts, cpu: 5000, writing: 2000)
    XCTAssertEqual(cost, ModelledCost(counts: counts, bus: 1080, stalls: 0, total: 5000))
  }

  func testABusThatIsBusyLongerThanTheStageThatWritesHoldsItUp() {
    let counts = AccessCounts(loads: 0, fullLineWrites: 100, partialLineWrites: 200)
    XCTAssertEqual(model.cost(of: counts, cpu: 5000, writing: 5000).total, 9000)
    XCTAssertEqual(model.cost(of: counts, cpu: 10_000, writing: 2000).total, 17_000)
  }

  func testEveryLoadIsWaitedFor() {
    let counts = AccessCounts(loads: 3, fullLineWrites: 100, partialLineWrites: 0)
    XCTAssertEqual(model.cost(of: counts, cpu: 5000, writing: 5000).total, 6500)
  }

  func testTheCostIsThatOfOneItem() {
    let counts = AccessCounts(loads: 2, fullLineWrites: 100, partialLineWrites: 0)
    let cost = model.cost(of: counts, items: 10, cpu: 50, writing: 50)
    XCTAssertEqual(cost, ModelledCost(counts: counts, bus: 100, stalls: 100, total: 200))
  }

  func testACopyIsWrittenInItsStageAndADecodeWithoutOneInItsOwn() throws {
    func spin(_ count: Int) {
      var random = SplitMix64(seed: 1)
      for _ in 0..<count { _ = random.next() }
    }
    let routes = [
      Route(name: "copied") {
        { watch in
          spin(100_000)
          watch.end(.decode)
          spin(10_000)
          watch.end(.write)
        }
      },
      Route(name: "straight") {
        { watch in
          spin(110_000)
          watch.end(.decode)
        }
      },
    ]
    let race = try Race(Comparison(title: "stages", item: "turn", routes: routes))
    try race.run(for: 0.5, atLeast: 10) { _ in }
    var result = race.result
    let decode = try XCTUnwrap(result.routes[1].stages.first).cost.cpu
    let lines = AccessCounts(loads: 0, fullLineWrites: Int(decode / 10), partialLineWrites: 0)
    for name in ["copied", "straight"] {
      result.addModel(of: name, lines, items: 1, foretelling: nil, by: model)
    }
    XCTAssertEqual(result.routes[2].ratio.median, 1.9, accuracy: 0.2)
    XCTAssertEqual(result.routes[3].ratio.median, 1, accuracy: 0.2)
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

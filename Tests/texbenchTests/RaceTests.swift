import XCTest

@testable import texbench

final class RaceTests: XCTestCase {
  private struct Broken: Error {}

  private func route(_ name: String, items: Int = 1, _ turn: @escaping () -> Void) -> Route {
    Route(name: name, items: items) { { _ in turn() } }
  }

  private func spin(_ count: Int) {
    var random = SplitMix64(seed: 1)
    for _ in 0..<count { _ = random.next() }
  }

  func testRoutesTakeTurnsInWarmCachesAndEachSecondOneMakesAPair() throws {
    var log = ""
    let race = try Race(
      Comparison(
        title: "log", item: "turn", routes: ["a", "b"].map { name in route(name) { log += name } }))
    XCTAssertEqual(log, "ab", "warmed up")
    log = ""
    try race.run(for: 0, atLeast: 3) { _ in }
    XCTAssert(log.hasPrefix("aabbbbaa") || log.hasPrefix("bbaaaabb"), log)
    XCTAssertEqual(race.result.routes.map(\.pairs), [4, 4], "one in each heat")
    XCTAssertFalse(race.result.routes[1].isSteady, "four pairs say little")
  }

  func testEveryHeatIsPreparedAnewWhenAllOfTheLastIsGone() throws {
    final class Buffer {
      nonisolated(unsafe) static var count = 0
      init() { unsafe Self.count += 1 }
      deinit { unsafe Self.count -= 1 }
    }
    var prepared = 0
    let routes = ["a", "b", "c"].map { name in
      Route(name: name) {
        prepared += 1
        let buffer = Buffer()
        return { _ in withExtendedLifetime(buffer) {} }
      }
    }
    let race = try Race(Comparison(title: "heats", item: "turn", routes: routes))
    try race.run(for: 0, atLeast: 1) { _ in }
    XCTAssertEqual(prepared, 12)
    XCTAssertEqual(unsafe Buffer.count, 3)
  }

  func testTheRatioIsThatOfTheWorkForOneItem() throws {
    let race = try Race(
      Comparison(
        title: "spin", item: "turn",
        routes: [
          route("one") { self.spin(20_000) }, route("two", items: 4) { self.spin(160_000) },
        ]))
    try race.run(for: 2, atLeast: 20) { _ in }
    XCTAssertEqual(race.result.routes[1].ratio.median, 2, accuracy: 0.3)
  }

  func testTheFastestOfTheLimitsIsTheLimit() throws {
    let race = try Race(
      Comparison(
        title: "spin", item: "turn", limits: 2, rival: "slow",
        routes: [
          route("slow") { self.spin(90_000) }, route("fast") { self.spin(30_000) },
          route("ours") { self.spin(30_000) },
        ]))
    try race.run(for: 1, atLeast: 10) { _ in }
    XCTAssertEqual(race.result.limit, "fast")
    XCTAssertNil(race.result.routes[0].gain)
    XCTAssertEqual(race.result.routes[2].gain?.median ?? 0, 3, accuracy: 0.6)
  }

  func testARouteThatCannotBeMadeReadyIsLeftOutWithTheReason() throws {
    let broken = Route(name: "broken") { throw Broken() }
    let race = try Race(
      Comparison(title: "some", item: "turn", routes: [route("one") {}, broken]))
    XCTAssertEqual(race.omissions.map(\.what), ["some: broken"])
    XCTAssertEqual(race.omissions.map(\.reason), ["Broken()"])
    XCTAssert(race.hasOneRouteLeft)
    XCTAssertThrowsError(
      try Race(Comparison(title: "none", item: "turn", routes: [broken, route("one") {}])))
  }

  func testWithoutRoutesThereIsNoRace() throws {
    XCTAssertThrowsError(try Race(Comparison(title: "none", item: "turn", routes: [])))
  }

  func testARouteThatFailsInATurnIsNamedInTheReason() throws {
    var turns = 0
    let broken = Route(name: "broken") {
      { _ in
        turns += 1
        if turns > 4 { throw Broken() }
      }
    }
    let race = try Race(
      Comparison(title: "some", item: "turn", routes: [route("one") {}, broken]))
    XCTAssertThrowsError(try race.run(for: 0, atLeast: 1) { _ in }) { error in
      XCTAssertEqual("\(error)", "broken: Broken()")
    }
  }

  func testStagesAfterTheEndOfATurnAreNoPartOfIt() throws {
    let race = try Race(
      Comparison(
        title: "stages", item: "turn",
        routes: [
          Route(name: "staged") {
            { watch in
              self.spin(10_000)
              watch.end(.decode)
              watch.finish()
              self.spin(200_000)
              watch.end(.firstDraw)
            }
          }
        ]))
    try race.run(for: 0, atLeast: 1) { _ in }
    let result = race.result.routes[0]
    let draw = try XCTUnwrap(result.stages.first { $0.stage == .firstDraw })
    XCTAssertLessThan(try XCTUnwrap(result.cpu).median, draw.cost.cpu)
  }
}

import FoundationXML
import XCTest

@testable import texbench

final class PlotTests: XCTestCase {
  func testThePlotIsWellFormedWhateverNamesHold() throws {
    let svg = Plot(try report(named: "a <b> & \"c\" \u{1}")).svg
    let parser = XMLParser(data: Data(svg.utf8))
    XCTAssert(parser.parse(), "\(String(describing: parser.parserError))")
    XCTAssert(svg.contains("a &lt;b&gt; &amp; &quot;c&quot; \u{FFFD}"))
  }

  func testEveryRouteAndEveryPositionIsDrawn() throws {
    let svg = Plot(try report(named: "route")).svg
    for text in ["route 0", "route 1 !", "growth !", "10,000", "live things", "slab of 4 MiB"] {
      XCTAssert(svg.contains(">\(text)<"), text)
    }
  }

  func testADebugBuildSaysSoInTheTable() throws {
    XCTAssert(try report(named: "route").text.contains("! debug build"))
  }

  func testAnEmulatedProcessorIsDoubtedWhereMemoryIsWriteCombining() {
    func environment(_ hypervisor: String?, isEmulated: Bool, _ isWriteCombining: Bool)
      -> Environment
    {
      Environment(
        processor: "a", cores: 2, hypervisor: hypervisor, isEmulated: isEmulated, kernel: "6.12",
        heaps: [.init(name: "gbm", state: "present", isWriteCombining: isWriteCombining)],
        isDebugBuild: false, load: 0)
    }
    let emulated = environment("QEMU without KVM", isEmulated: true, true)
    XCTAssert(emulated.doubtAboutWriteCombining?.hasPrefix("emulated CPU") ?? false)
    XCTAssert(emulated.lines.contains { $0.hasPrefix("! emulated CPU: caches") })
    XCTAssertNotNil(environment("KVM", isEmulated: false, true).doubtAboutWriteCombining)
    XCTAssertNil(environment(nil, isEmulated: false, true).doubtAboutWriteCombining)
    XCTAssertNil(environment("KVM", isEmulated: false, false).doubtAboutWriteCombining)
  }

  func testThreadsAreDoubtedWhereTheMachineWasBusy() throws {
    func environment(load: Double) -> Environment {
      Environment(
        processor: "a", cores: 2, isEmulated: false, kernel: "6.12", heaps: [],
        isDebugBuild: false, load: load, loadAtEnd: 1.25)
    }
    XCTAssertNil(environment(load: 0.1).doubtAboutThreads)
    let busy = environment(load: 1.5)
    XCTAssertEqual(busy.doubtAboutThreads, "load 1.50 on 2 cores before the run")
    XCTAssert(busy.lines[0].hasSuffix("load 1.50, 1.25 at the end"), busy.lines[0])
    var result = try report(named: "route").sections[0].comparisons[0]
    result.warn(busy.doubtAboutThreads)
    XCTAssertEqual(result.routes.map(\.warning), [busy.doubtAboutThreads, "emulated"])
  }

  func testAWarningStandsInTheRowThatItIsAbout() throws {
    let lines = try report(named: "route").text.split(separator: "\n")
    XCTAssert(lines.contains { $0.contains("route 1") && $0.hasSuffix("! emulated") })
  }

  func testDoubtsAboutARatioReachTheReadme() throws {
    let readme = ReportTables(try report(named: "route"), .all)
    let text = try XCTUnwrap(readme.replaced(in: ReportTables.begin + ReportTables.end))
    XCTAssert(text.contains("**! debug build"), text)
    let row = try XCTUnwrap(text.split(separator: "\n").first { $0.hasPrefix("| route 1 |") })
    XCTAssert(row.hasSuffix(" ~ ! |"), "of four pairs, and emulated: \(row)")
  }

  func testAMissedGoalIsCalledThatInTheReadme() throws {
    var report = try report(named: "route")
    report.sections[0].comparisons[0].rival = "route 0"
    let goals = [Goal(ratio: 1, gain: 0.5), Goal(ratio: 0, gain: 1_000)]
    for (place, goal) in goals.enumerated() {
      let route = report.sections[0].comparisons[0].routes[place]
      report.sections[0].comparisons[0].routes[place] = RouteResult(
        name: route.name, isOurs: true, ratio: RatioEstimate([[1]]), gain: RatioEstimate([[2]]),
        goal: goal, isSteady: true, pairs: 4, stages: [])
    }
    let text = try XCTUnwrap(
      ReportTables(report, .all).replaced(in: ReportTables.begin + ReportTables.end))
    for row in [
      "| **route 0** | **1.000** (goal 1.00) |",
      "| **route 1** | **1.000** (goal 0.00: missed) |",
      "| **route 0: times faster than route 0** | **2.000** (goal 0.50) |",
      "| **route 1: times faster than route 0** | **2.000** (goal 1,000.00: missed) |",
    ] {
      XCTAssert(text.contains(row), "\(row) is not in \(text)")
    }
  }

  func testAReadmeGetsTheMainComparisonsAndOfThoseWhatCounts() throws {
    var report = try report(named: "route")
    report.sections[0].comparisons[0].isMain = true
    var other = report.sections[0].comparisons[0]
    other.isMain = false
    other.routes[0] = RouteResult(
      name: "aside", isOurs: false, ratio: RatioEstimate([[1]]), isSteady: true, pairs: 4,
      stages: [])
    report.sections[0].comparisons.append(other)
    let marks = ReportTables.begin + ReportTables.end
    let all = try XCTUnwrap(ReportTables(report, .all).replaced(in: marks))
    XCTAssert(all.contains("| aside |"), all)
    let main = try XCTUnwrap(ReportTables(report, .main).replaced(in: marks))
    XCTAssertFalse(main.contains("| aside |"), main)
    XCTAssert(main.contains("| route 0 |"), "the limit: \(main)")
    XCTAssertFalse(main.contains("| route 1 |"), "neither the limit, nor ours: \(main)")
  }

  func testComparisonsOfTheSameRoutesStandInOneTableThoughOthersLieBetween() throws {
    var report = try report(named: "route")
    let comparison = report.sections[0].comparisons[0]
    var other = comparison
    other.routes.removeLast()
    report.sections[0].comparisons = [comparison, other, comparison, other]
    let text = try XCTUnwrap(
      ReportTables(report, .all).replaced(in: ReportTables.begin + ReportTables.end))
    let heads = text.split(separator: "\n").filter { $0.hasPrefix("| CPU time of one thing") }
    XCTAssertEqual(heads.map { $0.split(separator: "|").count - 1 }, [2, 2])
  }

  func testEveryComparisonIsInTheTablesFourToATable() throws {
    var report = try report(named: "route")
    let comparison = report.sections[0].comparisons[0]
    report.sections[0].comparisons = Array(repeating: comparison, count: 5)
    let text = try XCTUnwrap(
      ReportTables(report, .all).replaced(in: ReportTables.begin + ReportTables.end))
    let heads = text.split(separator: "\n").filter { $0.hasPrefix("| CPU time of one thing") }
    XCTAssertEqual(heads.map { $0.split(separator: "|").count - 1 }, [4, 1])
  }

  /// Bars, a growth and a share.
  private func report(named name: String) throws -> Report {
    func comparison(_ title: String, axis: String?) throws -> RaceResult {
      let race = try Race(
        Comparison(
          title: title, item: "thing", axis: axis,
          routes: [1, 10_000].enumerated().map { place, position in
            Route(
              name: "\(name) \(place)", position: axis == nil ? nil : position,
              warning: place == 1 ? "emulated" : nil
            ) { { _ in } }
          }))
      try race.run(for: 0, atLeast: 1) { _ in }
      return race.result
    }
    var section = Section(name: "test", abstract: "Things.")
    section.comparisons = [
      try comparison("bars", axis: nil), try comparison("growth", axis: "live things"),
    ]
    section.figures = [
      Figure(title: "in use", name: "slab of 4 MiB", value: 80, unit: .percent, note: "")
    ]
    return Report(
      date: "now", effort: .quick, environment: .now(nil), model: WriteCombiningModel(),
      sections: [section])
  }
}

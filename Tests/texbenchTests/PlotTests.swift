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
    for text in ["route 0", "route 1", "10,000", "live things", "slab of 4 MiB"] {
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

  func testAWarningStandsInTheRowThatItIsAbout() throws {
    let lines = try report(named: "route").text.split(separator: "\n")
    XCTAssert(lines.contains { $0.contains("route 1") && $0.hasSuffix("! emulated") })
  }

  func testDoubtsAboutARatioReachTheReadme() throws {
    let readme = ReadmeSection(try report(named: "route"))
    let text = try XCTUnwrap(readme.replaced(in: ReadmeSection.begin + ReadmeSection.end))
    XCTAssert(text.contains("**! debug build"), text)
    let row = try XCTUnwrap(text.split(separator: "\n").first { $0.hasPrefix("| route 1 |") })
    XCTAssert(row.hasSuffix(" ~ ! |"), "of four pairs, and emulated: \(row)")
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
    section.figures = [Figure(title: "in use", name: "slab of 4 MiB", percent: 80, note: "")]
    return Report(
      date: "now", effort: .quick, environment: .now(nil), model: WriteCombiningModel(),
      sections: [section])
  }
}

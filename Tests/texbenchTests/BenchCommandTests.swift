import Foundation
import TestSupport
import XCTest

@testable import texbench

final class BenchCommandTests: XCTestCase {
  private var folder: TemporaryFolder!

  override func setUpWithError() throws {
    folder = try TemporaryFolder()
  }

  override func tearDown() {
    folder = nil
  }

  func testJPEGReportsTheEnvironmentAndEveryRoute() throws {
    let report = try report("jpeg", "--pictures", picture())
    try XCTSkipIf(report.environment.renderer == nil, "there is no GPU")
    XCTAssertFalse(report.environment.processor.isEmpty)
    XCTAssertGreaterThan(report.environment.cores, 0)
    XCTAssert(report.environment.kernel.contains("."), report.environment.kernel)
    XCTAssert(report.environment.graphics?.contains("OpenGL ES") ?? false)
    XCTAssert(report.environment.heaps.contains { $0.name == "memfd" })

    let section = try XCTUnwrap(report.sections.first)
    XCTAssertEqual(section.name, "jpeg")
    let refused = section.omissions.first { $0.what == "heap memfd" }
    try XCTSkipIf(refused != nil, refused?.reason ?? "")
    let bars = try XCTUnwrap(section.comparisons.first { $0.axis == nil })
    let names = bars.routes.map(\.name)
    for route in [
      "bare decode: tjDecompress2 into warm memory", "decode, glTexImage2D into new memory",
      "decode, glTexSubImage2D", "decode into a new pixel buffer, glTexSubImage2D",
      "decode, memcpy into memfd (cached), import",
      "decode, streaming copy into memfd (cached), import",
      "straight into memfd (cached), import", "straight into cold pool memory, import",
    ] {
      XCTAssert(names.contains(route), "\(route) is not among \(names); \(section.omissions)")
    }
    let straight = try XCTUnwrap(bars.routes.first { $0.name.hasPrefix("straight into memfd") })
    XCTAssertEqual(
      straight.stages.map(\.stage),
      [.decode, .register, .firstDraw, .nextDraw, .readback, .release])
    XCTAssertNotNil(straight.gain)
    XCTAssertNotNil(straight.memory)
    XCTAssert(section.comparisons.contains { $0.axis == "decoders" })
    XCTAssert(section.comparisons.contains { $0.axis == "live images" })
  }

  func testAPictureThatCannotBeDecodedIsLeftOutWithTheReason() throws {
    let folder = try picture()
    try Data().write(to: URL(filePath: "\(folder)/empty.jpg"))
    let report = try report("jpeg", "--pictures", folder)
    try XCTSkipIf(report.environment.renderer == nil, "there is no GPU")
    let section = report.sections[0]
    let omission = try XCTUnwrap(section.omissions.first { $0.what == "a picture" })
    XCTAssert(omission.reason.contains("empty.jpg"), omission.reason)
    XCTAssert(section.comparisons.contains { $0.title == "gradient.jpg" })
  }

  func testWhatIsModelledIsLabelledAndPricedAsAsked() throws {
    let report = try report(
      "jpeg", "--pictures", picture(), "--bus-write-ns", "100000", "--load-ns", "7")
    try XCTSkipIf(report.environment.renderer == nil, "there is no GPU")
    XCTAssertEqual(report.model, WriteCombiningModel(busWrite: 100_000, load: 7))
    let section = report.sections[0]
    let models = section.comparisons.flatMap(\.routes).filter { $0.model != nil }
    try XCTSkipIf(models.isEmpty, "\(section.omissions)")
    for route in models {
      XCTAssert(route.name.hasPrefix("modelled"), route.name)
      let model = try XCTUnwrap(route.model)
      XCTAssertGreaterThan(model.total, 0.9 * model.bus, "\(route.name): the bus is the cost")
      XCTAssertNil(route.cpu, "nothing was measured")
    }
  }

  func testPoolReportsRatiosGrowthAndHowFullSlabsGet() throws {
    let report = try report("pool")
    let section = report.sections[0]
    XCTAssertEqual(
      section.comparisons.prefix(6).map(\.axis),
      [nil, nil, "live ranges", "live ranges", "records", "threads"])
    XCTAssertEqual(
      section.comparisons[2].routes.map(\.position), [100, 1_000, 10_000, 100_000, 1_000_000])
    XCTAssertEqual(
      section.figures.filter { $0.unit == .percent }.map(\.name),
      ["slab of 4 MiB", "slab of 16 MiB", "slab of 64 MiB"])
    XCTAssert(section.figures.allSatisfy { $0.unit != .percent || 50...100 ~= $0.value })

    if let omission = section.omissions.first(where: { $0.what.hasPrefix("allocations") }) {
      throw XCTSkip(omission.reason)
    }
    let allocations = try XCTUnwrap(section.figures.first { $0.unit == .number })
    // Without the optimiser, closures lie on the heap.
    if !report.environment.isDebugBuild {
      XCTAssertEqual(allocations.value, 0, accuracy: 0.001, "beside the buffer of a warm image")
    }
  }

  func testSharingSaysWhatTheDeviceLacksToBindImagesOfAnotherProcess() throws {
    let report = try report("sharing", "--route", "uploaded")
    try XCTSkipIf(report.environment.renderer == nil, "there is no GPU")
    let section = report.sections[0]
    XCTAssert(section.comparisons.isEmpty && section.figures.isEmpty)
    XCTAssertEqual(section.omissions.map(\.what), ["images of another process"])
    let reason = section.omissions.first?.reason ?? ""
    XCTAssert(reason.contains("dma-buf import") && reason.contains("uploaded was demanded"), reason)
  }

  func testAReportThatWasKeptIsShownDrawnAndWrittenIntoAText() throws {
    let file = folder.path("report.json")
    let merge = try ProgramRun("texbench", ["merge", "--quick", "--seconds", "0.01", "--json"])
    try Data(merge.output.utf8).write(to: URL(filePath: file))
    let readme = folder.path("README.md")
    let text = "before\n\(ReportTables.begin)\nold\n\(ReportTables.end)\nafter\n"
    try Data(text.utf8).write(to: URL(filePath: readme))
    let plot = folder.path("plot.svg")
    let show = try ProgramRun("texbench", ["show", file, "--tables", readme, "--plot", plot])
    XCTAssertEqual(show.status, 0, show.complaint)
    XCTAssert(show.output.contains("limit: build and intersect dictionaries"), show.output)
    XCTAssert(try String(contentsOfFile: plot, encoding: .utf8).hasPrefix("<svg "))
    let written = try String(contentsOfFile: readme, encoding: .utf8)
    XCTAssert(written.hasPrefix("before\n\(ReportTables.begin)\n"), written)
    XCTAssert(written.hasSuffix("\(ReportTables.end)\nafter\n"), written)
    XCTAssert(written.contains("| build and intersect dictionaries | 1.00"), written)
    XCTAssertFalse(written.contains("old"), written)
  }

  func testArgumentsThatMakeNoSenseExitWith2AndSayWhy() throws {
    for (arguments, reason) in [
      (["jpeg", "--quick", "--full"], "contradict each other"),
      (["all", "--seconds", "0"], "--seconds is a positive number"),
      (["pool", "--plot", "plot.pdf"], "ends in neither .svg nor .png"),
      (["copies", "--sizes", "0"], "--sizes are from 1 to 256 MiB"),
      (["jpeg", "--bus-write-ns=-1"], "prices are nanoseconds, 0 or more"),
      (["glyphs", "--bogus"], "Unknown option '--bogus'"),
      (["bogus"], "Unexpected argument 'bogus'"),
    ] {
      let run = try ProgramRun("texbench", arguments)
      XCTAssertEqual(run.status, 2, "\(arguments)")
      XCTAssertEqual(run.output, "", "\(arguments)")
      XCTAssert(run.complaint.contains(reason), run.complaint)
    }
  }

  func testWhatCannotBeReadExitsWith1AndOneLine() throws {
    let other = folder.path("other.json")
    try Data("{}".utf8).write(to: URL(filePath: other))
    for (arguments, complaint) in [
      (["show", "/absent"], "texbench: /absent: cannot be read\n"),
      (["show", other], "texbench: \(other): is no report of texbench\n"),
      (["jpeg", "--pictures", "/absent"], "texbench: /absent: cannot be read\n"),
      (["jpeg", "--pictures", folder.url.path], "no .jpg or .jpeg file\n"),
    ] {
      let run = try ProgramRun("texbench", arguments)
      XCTAssertEqual(run.status, 1, "\(arguments)")
      XCTAssert(run.complaint.hasSuffix(complaint), run.complaint)
    }
  }

  private func report(_ arguments: String...) throws -> Report {
    let run = try ProgramRun("texbench", arguments + ["--quick", "--seconds", "0.01", "--json"])
    XCTAssertEqual(run.status, 0, run.complaint)
    return try JSONDecoder().decode(Report.self, from: Data(run.output.utf8))
  }

  /// A folder with one small picture.
  private func picture() throws -> String {
    let size = 64
    let file = try PictureCoding.halved.encode(
      PictureContent.gradient.pixels(width: size, height: size), width: size, height: size)
    try Data(file).write(to: URL(filePath: folder.path("gradient.jpg")))
    return folder.url.path
  }
}

import Foundation
import TestSupport
import XCTest

final class RenderCommandTests: XCTestCase {
  private var folder: TemporaryFolder!

  override func setUpWithError() throws {
    folder = try TemporaryFolder()
  }

  override func tearDown() {
    folder = nil
  }

  func testThePictureIsTheSameWhateverWayItTook() throws {
    let (auto, upload) = (try render("automatic"), try render("uploaded"))
    XCTAssertEqual(auto.picture, upload.picture)
    XCTAssertEqual(upload.report["route"] as? String, "uploaded")
    XCTAssertEqual(upload.report["reason"] as? String, "uploaded was demanded")
    XCTAssertEqual(upload.report["bytesCopied"] as? Int, 321 * 481 * 4)
  }

  func testThePictureIsTheSameByVulkan() throws {
    let output = folder.path("vulkan.png")
    let run = try ProgramRun(
      "texctl", ["render", photograph, "-o", output, "--api", "vulkan", "--json"])
    if run.complaint.contains("not supported") { throw XCTSkip(run.complaint) }
    XCTAssertEqual(run.status, 0, run.complaint)
    XCTAssertEqual(
      try Data(contentsOf: URL(filePath: output)), try render("automatic").picture)
    let report = try JSONSerialization.jsonObject(with: Data(run.output.utf8)) as? [String: Any]
    XCTAssertEqual(report?["route"] as? String, "imported")
    XCTAssertEqual(report?["bytesCopied"] as? Int, 0)
  }

  func testPlanesAreDrawnTheSameWhateverWayTheyTook() throws {
    let (auto, upload) = (
      try render("automatic", "--mode", "planar"), try render("uploaded", "--mode", "planar")
    )
    XCTAssertEqual(auto.picture, upload.picture)
    XCTAssertEqual(auto.report["format"] as? String, "NV24")
    XCTAssertEqual(
      auto.report["route"] as? String, try render("automatic").report["route"] as? String)
    let grey = folder.path("grey.jpg")
    try Data(Tool.cjpeg(Array("P5\n2 1\n255\n".utf8) + [0, 255], "")).write(to: URL(filePath: grey))
    let run = try ProgramRun(
      "texctl", ["render", grey, "-o", folder.path("grey.png"), "--mode", "planar"])
    XCTAssertEqual(run.status, 0, run.complaint)
    XCTAssertTrue(run.complaint.contains("decoded to colours: it has no chroma"), run.complaint)
  }

  func testARegionIsThatPartAndAMostSizeTakesFewerPixels() throws {
    let part = try render("automatic", "--region", "200x100+50+60")
    XCTAssertEqual(part.report["width"] as? Int, 200)
    XCTAssertEqual(part.report["height"] as? Int, 100)
    XCTAssertEqual(part.report["decodedWidth"] as? Int, 200)
    let same = try render("uploaded", "--region", "200x100+50+60")
    XCTAssertEqual(part.picture, same.picture)

    // 321 x 481, of which a quarter is enough for 80 x 120.
    let small = try render("automatic", "--max-size", "1000x120")
    XCTAssertEqual(small.report["width"] as? Int, 80)
    XCTAssertEqual(small.report["height"] as? Int, 120)
    XCTAssertEqual(small.report["decodedWidth"] as? Int, 81)
    XCTAssertEqual(small.report["decodedHeight"] as? Int, 121)

    let both = try render(
      "automatic", "--region", "200x100+50+60", "--max-size", "90x90", "--mode",
      "planar")
    XCTAssertEqual(both.report["width"] as? Int, 90)
    XCTAssertEqual(both.report["decodedWidth"] as? Int, 100)
    XCTAssertEqual(both.report["format"] as? String, "NV24")
  }

  func testARegionOutsideIsRefusedInOneLine() throws {
    let output = folder.path("x.png")
    let run = try ProgramRun(
      "texctl", ["render", photograph, "-o", output, "--region", "2x1+320+0"])
    XCTAssertEqual(run.status, 1)
    XCTAssertTrue(
      run.complaint.contains("the region 2x1+320+0 is no part of a picture of 321x481"),
      run.complaint)
    for arguments in [["--region", "2x1"], ["--max-size", "5"], ["--max-size", "0x5"]] {
      let run = try ProgramRun("texctl", ["render", photograph, "-o", output] + arguments)
      XCTAssertNotEqual(run.status, 0, "\(arguments)")
    }
    XCTAssertFalse(FileManager.default.fileExists(atPath: output))
  }

  func testWhoeverFinishesThePictureItIsTheSame() throws {
    let cpu = try render("automatic", "--decode", "cpu")
    let gpu = try render("automatic", "--decode", "gpu")
    XCTAssertEqual(cpu.picture, gpu.picture)
    XCTAssertEqual(cpu.report["finisher"] as? String, "cpu")
    XCTAssertEqual(cpu.report["finisherReason"] as? String, "that was demanded")
    if gpu.report["finisher"] as? String == "gpu" {
      XCTAssertEqual(gpu.report["bytesCopied"] as? Int, 0)
      XCTAssertEqual(gpu.report["route"] as? String, "transferred")
    } else {
      XCTAssertNotNil(gpu.report["finisherReason"] as? String)
    }
  }

  func testTheReportSaysWhatWasDone() throws {
    let report = try render("automatic").report
    XCTAssertEqual(report["width"] as? Int, 321)
    XCTAssertEqual(report["height"] as? Int, 481)
    // Of whole lines, but where a GPU copies, which may want less.
    let isCopied = report["route"] as? String == "transferred"
    XCTAssertGreaterThanOrEqual(try XCTUnwrap(report["pitch"] as? Int), isCopied ? 1284 : 1344)
    XCTAssertLessThanOrEqual(try XCTUnwrap(report["pitch"] as? Int), 1344)
    let keys = [
      "width", "height", "route", "reason", "heap", "pitch", "offset", "bytesCopied",
      "decodeMilliseconds", "registerMilliseconds",
    ]
    XCTAssertEqual(keys.filter { report[$0] == nil }, [])
    if report["route"] as? String == "imported" {
      XCTAssertEqual(report["bytesCopied"] as? Int, 0)
      XCTAssertTrue(report["reason"] is NSNull)
    }
  }

  /// Stored as a camera would that was held in each of the eight ways, by a program of its own, of
  /// colours that are whole blocks: those come out the same however they are turned.
  func testEachOrientationShowsTheSameUprightPicture() throws {
    let (width, height) = (48, 80)
    var random = SplitMix64(seed: 8)
    var picture = Array("P6\n\(width) \(height)\n255\n".utf8)
    for _ in 0..<height / 8 {
      let row = (0..<width / 8).flatMap { _ -> [UInt8] in
        let colour = (0..<3).map { _ in UInt8.random(in: 0...255, using: &random) }
        return Array(repeating: colour, count: 8).flatMap(\.self)
      }
      for _ in 0..<8 { picture += row }
    }
    let upright = try Tool.cjpeg(picture, "-sample 1x1 -quality 100")
    let stored = [
      "-copy none", "-flip horizontal", "-rotate 180", "-flip vertical", "-transpose",
      "-rotate 270", "-transverse", "-rotate 90",
    ]
    var pictures: Set<Data> = []
    for (index, turn) in stored.enumerated() {
      let file = try Tool.jpegtran(upright, turn).inserting([.orientation(index + 1)])
      let (input, output) = (folder.path("\(index).jpg"), folder.path("\(index).png"))
      try Data(file).write(to: URL(filePath: input))
      let run = try ProgramRun("texctl", ["render", input, "-o", output])
      XCTAssertEqual(run.status, 0, run.complaint)
      XCTAssertTrue(run.output.contains("\(width)x\(height)"), run.output)
      pictures.insert(try Data(contentsOf: URL(filePath: output)))
    }
    XCTAssertEqual(pictures.count, 1)
  }

  func testWhatIsNoPictureIsOneLineAndLeavesNoPicture() throws {
    let whole = try Data(contentsOf: URL(filePath: photograph))
    let files = [
      "empty.jpg": Data(), "cut.jpg": whole.prefix(whole.count / 2),
      "png.jpg": Data([0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]),
    ]
    for (name, bytes) in files { try bytes.write(to: URL(filePath: folder.path(name))) }
    let picture = folder.path("x.png")
    for input in files.keys.map(folder.path) + [folder.url.path, folder.path("absent.jpg")] {
      let run = try ProgramRun("texctl", ["render", input, "-o", picture])
      XCTAssertEqual(run.status, 1, input)
      // Drivers complain on their own account.
      let lines = run.complaint.split(separator: "\n").filter { $0.hasPrefix("texctl: ") }
      XCTAssertEqual(lines.count, 1, run.complaint)
      XCTAssertTrue(lines.first?.contains(input) ?? false, run.complaint)
      XCTAssertFalse(FileManager.default.fileExists(atPath: picture))
    }
  }

  func testTheProbeNamesDeviceFormatsHeapsAndLimits() throws {
    let run = try ProgramRun("texctl", ["probe", "--json", "--attributes", folder.url.path])
    XCTAssertEqual(run.status, 0, run.complaint)
    let json = try JSONSerialization.jsonObject(with: Data(run.output.utf8))
    let report = try XCTUnwrap(json as? [String: Any])
    let gpu = (report["device"] as? [String: Any])?["attributes"] as? [String: Any]
    XCTAssertEqual(gpu?["name"] as? String, "gpu")
    XCTAssertEqual(try ProgramRun("texctl", ["merge", folder.path("gpu.json")]).status, 0)
    for kind in ["cameras", "decoders", "displays"] {
      for found in try XCTUnwrap(report[kind] as? [[String: Any]], kind) {
        XCTAssertNotEqual(found["attributes"] is NSNull, found["reason"] is NSNull, "\(found)")
      }
    }
    XCTAssertNotNil((report["device"] as? [String: Any])?["chosenBecause"])
    XCTAssertNotNil((report["limits"] as? [String: Any])?["liveImages"])
    let heaps = try XCTUnwrap(report["heaps"] as? [[String: Any]])
    let taken = try XCTUnwrap((report["routes"] as? [[String: Any]])?.first?["heap"] as? String)
    XCTAssertEqual(
      heaps.filter { $0["chosen"] as? Bool == true }.compactMap { $0["name"] as? String },
      // A GPU's own memory is not among them.
      heaps.compactMap { $0["name"] as? String }.filter { $0 == taken })
    for heap in heaps where heap["present"] as? Bool == false {
      XCTAssertTrue(heap["reason"] is String, "\(heap)")
    }
  }

  private var photograph: String {
    URL(filePath: #filePath).deletingLastPathComponent()
      .appending(path: "../../assets/photos/brook.jpg").standardized.path
  }

  private func render(
    _ route: String, _ options: String...
  ) throws -> (picture: Data, report: [String: Any]) {
    let picture = folder.path(route + ".png")
    let run = try ProgramRun(
      "texctl", ["render", photograph, "-o", picture, "--route", route, "--json"] + options)
    XCTAssertEqual(run.status, 0, run.complaint)
    let json = try JSONSerialization.jsonObject(with: Data(run.output.utf8))
    return (
      try Data(contentsOf: URL(filePath: picture)), try XCTUnwrap(json as? [String: Any])
    )
  }
}

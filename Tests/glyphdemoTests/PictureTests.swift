import Foundation
import TestSupport
import XCTest

/// The program itself, from the command line to the files that it leaves.
final class PictureTests: XCTestCase {
  private var folder: TemporaryFolder!

  override func setUpWithError() throws {
    folder = try TemporaryFolder()
  }

  override func tearDown() {
    folder = nil
  }

  func testTheUploadedPictureIsTheImportedOneByteForByte() throws {
    let imported = try run("--size", "640x400", "--photos", photographs, named: "a")
    let uploaded = try run(
      "--size", "640x400", "--photos", photographs, "--route", "uploaded", named: "b")
    XCTAssertEqual(imported.picture, uploaded.picture)
    for texture in uploaded.textures {
      XCTAssertEqual(texture["route"] as? String, "uploaded")
      XCTAssertEqual(texture["reason"] as? String, "uploaded was demanded")
    }
  }

  func testBothAPIsDrawThePageWithinTwoLevelsOfEachOther() throws {
    let options = ["--size", "1000x640", "--photos", photographs, "--device", TestedDevice.name]
    let gl = try run(options, named: "gl")
    let there = try ProgramRun("texctl", ["probe", "--json", "--device", TestedDevice.name])
    guard there.output.contains("vulkan:") else { throw XCTSkip("no device of Vulkan here") }
    let vulkan = try run(
      options + ["--api", "vulkan", "--against", folder.path("gl.png")], named: "vulkan")
    XCTAssertEqual(vulkan.textures.count, gl.textures.count)
    for texture in vulkan.textures {
      XCTAssertEqual(texture["route"] as? String, "imported")
      XCTAssertTrue((texture["heap"] as? String)?.hasPrefix("vulkan:") == true)
    }
    let other = try ProgramRun(
      "glyphdemo",
      options + [
        "--text", "another", "--against", folder.path("gl.png"), "-o", folder.path("x.png"),
      ])
    XCTAssertEqual(other.status, 1)
    XCTAssertTrue(other.complaint.contains("gl.png: levels differ by up to"), other.complaint)
  }

  func testPhotographsAreImportedWithoutACopy() throws {
    let run = try run("--photos", photographs, named: "a")
    let device = try XCTUnwrap(run.report["device"] as? [String: Any])
    if let obstacle = device["importObstacle"] as? String {
      throw XCTSkip("no import here: \(obstacle)")
    }
    let photos = try XCTUnwrap(run.report["photos"] as? [[String: Any]])
    XCTAssertEqual(photos.count, 10)
    for photo in photos {
      XCTAssertEqual(photo["route"] as? String, "imported")
      XCTAssertEqual(photo["bytesCopied"] as? Int, 0)
    }
  }

  func testAFileThatIsNoPhotographEndsTheProgramWithOneLineAndNoPicture() throws {
    let broken = folder.path("broken.jpg")
    for bytes in [Data(), Data([0x89, 0x50, 0x4E, 0x47]), Data([0xFF, 0xD8, 0xFF])] {
      try bytes.write(to: URL(filePath: broken))
      let picture = folder.path("x.png")
      let run = try ProgramRun("glyphdemo", ["-o", picture, "--photos", broken])
      XCTAssertEqual(run.status, 1)
      XCTAssertTrue(run.complaint.contains("broken.jpg"), run.complaint)
      XCTAssertFalse(FileManager.default.fileExists(atPath: picture))
    }
  }

  func testADisplayThatIsNotThereEndsTheProgramWithOneLineAndNoPicture() throws {
    let picture = folder.path("x.png")
    let run = try ProgramRun("glyphdemo", ["--display", "no-such-screen", "-o", picture])
    XCTAssertEqual(run.status, 1)
    XCTAssertTrue(
      run.complaint.hasPrefix("glyphdemo: /dev/dri: connectors: wanted no-such-screen"),
      run.complaint)
    XCTAssertEqual(run.complaint.split(separator: "\n").count, 1, run.complaint)
    XCTAssertFalse(FileManager.default.fileExists(atPath: picture))
    XCTAssertEqual(try ProgramRun("glyphdemo", ["--stream", "x"]).status, 2)
  }

  func testALinkIsWrittenThroughAndNotReplaced() throws {
    let (link, target) = (folder.path("link.png"), folder.path("target.png"))
    try FileManager.default.createSymbolicLink(atPath: link, withDestinationPath: "target.png")
    let run = try ProgramRun(
      "glyphdemo", ["-o", link, "--size", "128x80", "--photos", photographs])
    XCTAssertEqual(run.status, 0, run.complaint)
    XCTAssertEqual(
      try FileManager.default.destinationOfSymbolicLink(atPath: link), "target.png")
    XCTAssertTrue(FileManager.default.fileExists(atPath: target))
  }

  private struct Run {
    let picture: Data
    let report: [String: Any]

    /// Photographs and pages of glyphs.
    var textures: [[String: Any]] {
      let glyphs = report["glyphs"] as? [String: Any]
      return [report["photos"], glyphs?["pages"]].flatMap { $0 as? [[String: Any]] ?? [] }
    }
  }

  private var photographs: String {
    URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../../assets/photos").path
  }

  private func run(_ arguments: String..., named name: String) throws -> Run {
    try run(arguments, named: name)
  }

  private func run(_ arguments: [String], named name: String) throws -> Run {
    let (picture, report) = (folder.path(name + ".png"), folder.path(name + ".json"))
    let run = try ProgramRun("glyphdemo", ["-o", picture, "--report", report] + arguments)
    XCTAssertEqual(run.status, 0, run.complaint)
    let json = try JSONSerialization.jsonObject(with: Data(contentsOf: URL(filePath: report)))
    return Run(
      picture: try Data(contentsOf: URL(filePath: picture)),
      report: try XCTUnwrap(json as? [String: Any]))
  }
}

import Foundation
import TestSupport
import XCTest

/// What somebody meets who types something wrong, or whose machine has no room.
final class MistakeTests: XCTestCase {
  private var folder: TemporaryFolder!

  override func setUpWithError() throws {
    folder = try TemporaryFolder()
  }

  override func tearDown() {
    folder = nil
  }

  func testUsageShowsAnOptionThatCanBeLeftOutInBrackets() throws {
    for command in ["probe", "check", "render", "receive", "soak"] {
      let help = try ProgramRun("texctl", [command, "--help"])
      XCTAssertEqual(help.status, 0, help.complaint)
      let usage = help.output.components(separatedBy: "\n\n").first { $0.hasPrefix("USAGE:") }
      XCTAssertFalse(try XCTUnwrap(usage).contains(" --route <route>"), usage ?? "")
      let option = help.output.components(separatedBy: "--route").last ?? ""
      XCTAssertTrue(option.prefix(400).contains("default: automatic"), help.output)
    }
  }

  func testWhatIsNoneOfTheValuesOfAnOptionIsToldThem() throws {
    let run = try ProgramRun("texctl", ["probe", "--route", "teleported"])
    XCTAssertEqual(run.status, 2)
    for word in ["teleported", "automatic", "imported", "transferred", "uploaded"] {
      XCTAssertTrue(run.complaint.contains(word), run.complaint)
    }
  }

  func testWhatIsNoSizeOrRegionIsToldWhatOneLooksLike() throws {
    for (option, example) in [("--region", "640x480+100+20"), ("--max-size", "1920x1080")] {
      let run = try ProgramRun("texctl", ["render", "a.jpg", "-o", "a.png", option, "large"])
      XCTAssertEqual(run.status, 2)
      XCTAssertTrue(run.complaint.contains("'large' is not like \(example)"), run.complaint)
    }
  }

  func testAPatienceThatIsNoTimeIsRefused() throws {
    for patience in ["inf", "nan", "-1", "1e300", "long"] {
      for command in [["serve", "socket", "a.jpg"], ["receive", "socket", "-o", "pictures"]] {
        let run = try ProgramRun("texctl", command + ["--patience=\(patience)"], in: folder)
        XCTAssertEqual(run.status, 2, "\(command) \(patience): \(run.complaint)")
      }
    }
  }

  func testAFullDiskBehindStandardOutputIsAFailure() throws {
    try Data(#"{"name": "gpu", "maxWidth": 4096}"#.utf8)
      .write(to: folder.url.appending(path: "gpu.json"))
    let merge = ["merge", folder.path("gpu.json")]
    XCTAssertEqual(try ProgramRun("texctl", merge).status, 0)
    let full = try ProgramRun("texctl", merge, output: "/dev/full")
    XCTAssertEqual(full.status, 1)
    XCTAssertEqual(full.complaint, "texctl: standard output: No space left on device\n")
  }

  func testADeviceThatThereIsNotIsNamed() throws {
    let probe = try ProgramRun("texctl", ["probe"]).output
    for api in probe.contains("imports memory of the process") ? ["gl", "vulkan"] : ["gl"] {
      let run = try ProgramRun(
        "texctl",
        ["render", TestPhotograph.path("lake.jpg"), "-o", folder.path("a.png"), "--api", api]
          + ["--device", "nonesuch"])
      XCTAssertEqual(run.status, 1)
      XCTAssertTrue(run.complaint.contains("nonesuch"), run.complaint)
      XCTAssertFalse(run.complaint.contains("named("), run.complaint)
    }
  }

  func testAFullDiskBehindAPictureIsNamed() throws {
    let run = try ProgramRun(
      "texctl", ["render", TestPhotograph.path("lake.jpg"), "-o", "/dev/full"])
    XCTAssertEqual(run.status, 1)
    XCTAssertTrue(run.complaint.contains("/dev/full: No space left on device"), run.complaint)
  }

  func testAGalleryOfNoFolderSaysSo() throws {
    let run = try ProgramRun("glyphdemo", ["--gallery", folder.path("absent")])
    XCTAssertEqual(run.status, 1)
    XCTAssertEqual(run.complaint, "glyphdemo: --gallery \(folder.path("absent")): is no folder\n")
  }

  func testWhatIsNoSnapshotIsOneLine() throws {
    try Data("{}".utf8).write(to: folder.url.appending(path: "none.json"))
    for (name, reason) in [
      ("none.json", "is no snapshot of texctl soak"), ("absent.json", "cannot be read"),
    ] {
      let run = try ProgramRun("texctl", ["map", folder.path(name), "-o", folder.path("a.svg")])
      XCTAssertEqual(run.status, 1)
      XCTAssertEqual(run.complaint, "texctl: \(folder.path(name)): \(reason)\n")
    }
  }

  func testAFolderForAttributesIsMade() throws {
    let run = try ProgramRun("texctl", ["probe", "--attributes", folder.path("new/folder")])
    XCTAssertEqual(run.status, 0, run.complaint)
    if run.output.contains("Device: none") { throw XCTSkip(run.output) }
    XCTAssertTrue(FileManager.default.fileExists(atPath: folder.path("new/folder/gpu.json")))
    let file = folder.path("new/folder/gpu.json")
    let refused = try ProgramRun("texctl", ["probe", "--attributes", file])
    XCTAssertEqual(refused.status, 1)
    XCTAssertEqual(refused.complaint, "texctl: \(file): File exists\n")
    XCTAssertEqual(refused.output, "")
  }
}

import Foundation
import XCTest

/// The program itself, from the command line to the files that it leaves.
final class PictureTests: XCTestCase {
  private var folder: URL!

  override func setUpWithError() throws {
    folder = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString)
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
  }

  override func tearDownWithError() throws {
    try FileManager.default.removeItem(at: folder)
  }

  func testTheUploadedPictureIsTheImportedOneByteForByte() throws {
    let imported = try run("--size", "640x400", "--photos", photographs, named: "a")
    let uploaded = try run(
      "--size", "640x400", "--photos", photographs, "--force-upload", named: "b")
    XCTAssertEqual(imported.picture, uploaded.picture)
    for texture in uploaded.textures {
      XCTAssertEqual(texture["path"] as? String, "uploaded")
      XCTAssertEqual(texture["reason"] as? String, "--force-upload")
    }
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
      XCTAssertEqual(photo["path"] as? String, "imported")
      XCTAssertEqual(photo["bytesCopied"] as? Int, 0)
    }
  }

  func testAFileThatIsNoPhotographEndsTheProgramWithOneLineAndNoPicture() throws {
    let broken = folder.appending(path: "broken.jpg")
    for bytes in [Data(), Data([0x89, 0x50, 0x4E, 0x47]), Data([0xFF, 0xD8, 0xFF])] {
      try bytes.write(to: broken)
      let (status, complaint) = try launch(["-o", path("x.png"), "--photos", broken.path])
      XCTAssertEqual(status, 1)
      XCTAssertTrue(complaint.contains("broken.jpg"), complaint)
      XCTAssertFalse(FileManager.default.fileExists(atPath: path("x.png")))
    }
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

  private func path(_ name: String) -> String { folder.appending(path: name).path }

  private func run(_ arguments: String..., named name: String) throws -> Run {
    let (picture, report) = (path(name + ".png"), path(name + ".json"))
    let (status, complaint) = try launch(["-o", picture, "--report", report] + arguments)
    XCTAssertEqual(status, 0, complaint)
    let json = try JSONSerialization.jsonObject(with: Data(contentsOf: URL(filePath: report)))
    return Run(
      picture: try Data(contentsOf: URL(filePath: picture)),
      report: try XCTUnwrap(json as? [String: Any]))
  }

  private func launch(_ arguments: [String]) throws -> (status: Int32, complaint: String) {
    let process = Process()
    process.executableURL = Bundle.main.bundleURL.appending(path: "glyphdemo")
    process.arguments = arguments
    let complaints = Pipe()
    process.standardError = complaints
    process.standardOutput = Pipe()
    try process.run()
    let complaint = try complaints.fileHandleForReading.readToEnd() ?? Data()
    process.waitUntilExit()
    return (process.terminationStatus, String(decoding: complaint, as: UTF8.self))
  }
}

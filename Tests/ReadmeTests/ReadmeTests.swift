import Foundation
import TestSupport
import XCTest

/// What README shows to be written into a `main.swift` is built with the tests, and run.
final class ReadmeTests: XCTestCase {
  private let programs = [
    ("readmeuse", "Use"), ("readmeloop", "Loop"), ("readmeonecall", "OneCall"),
  ]

  func testTheProgramsAreTheLinesOfREADME() throws {
    let readme = try text("README.md")
    let section = try XCTUnwrap(readme.components(separatedBy: "\n## Use it\n").dropFirst().first)
    let blocks = section.components(separatedBy: "\n## ")[0].components(separatedBy: "```swift\n")
      .dropFirst().map { $0.components(separatedBy: "```")[0] }
      .filter { $0.hasPrefix("import ") }
    XCTAssertEqual(blocks.count, programs.count)
    for (block, (_, folder)) in zip(blocks, programs) {
      let program = try text("Tests/Readme/\(folder)/main.swift")
      let lines = program.components(separatedBy: "\n\n").dropFirst().joined(separator: "\n\n")
      XCTAssertEqual(lines, block, "Tests/Readme/\(folder)/main.swift is no copy of README's lines")
    }
  }

  func testTheyRunAsTheyStand() throws {
    let folder = try TemporaryFolder()
    try FileManager.default.copyItem(
      at: root.appending(path: "assets/photos/lake.jpg"),
      to: folder.url.appending(path: "photo.jpg"))
    for (program, _) in programs {
      let run = try ProgramRun(program, [], in: folder)
      XCTAssertEqual(run.status, 0, "\(program): \(run.complaint)")
      XCTAssertEqual(run.complaint, "", program)
    }
  }

  private let root = URL(filePath: #filePath).deletingLastPathComponent()
    .deletingLastPathComponent().deletingLastPathComponent()

  private func text(_ path: String) throws -> String {
    try String(contentsOf: root.appending(path: path), encoding: .utf8)
  }
}

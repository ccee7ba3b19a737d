import Foundation
import TestSupport
import XCTest

/// What shells complete our programs by is generated; a shell that stumbles over it would say so at each start.
final class CompletionTests: XCTestCase {
  func testBashParsesItsCompletions() throws { try parse(by: "bash", "-n") }

  func testZshParsesItsCompletions() throws { try parse(by: "zsh", "-n") }

  func testFishParsesItsCompletions() throws { try parse(by: "fish", "--no-execute") }

  private func parse(by shell: String, _ option: String) throws {
    let found = ["/usr/bin/", "/bin/", "/usr/local/bin/"].map { $0 + shell }
      .first(where: FileManager.default.isExecutableFile(atPath:))
    guard let found else { throw XCTSkip("there is no \(shell)") }
    let folder = try TemporaryFolder()
    for program in ["glyphdemo", "texbench", "texctl"] {
      let run = try ProgramRun(program, ["--generate-completion-script", shell])
      XCTAssertEqual(run.status, 0, run.complaint)
      XCTAssert(run.output.contains(program), "\(program) has no completions for \(shell)")
      try Data(run.output.utf8).write(to: folder.url.appending(path: program))
      let process = Process()
      process.executableURL = URL(filePath: found)
      process.arguments = [option, folder.path(program)]
      try process.run()
      process.waitUntilExit()
      XCTAssertEqual(process.terminationStatus, 0, "\(shell) does not parse what \(program) gives")
    }
  }
}

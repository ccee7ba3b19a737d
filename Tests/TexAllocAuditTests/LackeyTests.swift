import Foundation
import TestSupport
import TexAllocAudit
import XCTest

/// The audit against valgrind's tool that traces every access of an emulated processor.
final class LackeyTests: XCTestCase {
  /// Sums the accesses between the addresses that the program tells, which are as many digits long.
  private static let summing = """
    /^decoding into/ { from = $3; to = $4 }
    from && ($1 == "L" || $1 == "S" || $1 == "M") {
      split($2, access, ",")
      if (length(access[1]) == length(from) && access[1] "" >= from && access[1] "" < to) {
        count[$1]++
        bytes[$1] += access[2]
      }
    }
    END {
      printf "%d %d %d %d\\n", count["L"] + count["M"], bytes["L"] + bytes["M"],
        count["S"] + count["M"], bytes["S"] + bytes["M"]
    }
    """

  func testCountsAreThoseOfLackey() throws {
    if let obstacle = Audit.obstacle { throw XCTSkip("no audit: \(obstacle)") }
    try skipWithout("valgrind", "cjpeg", "strip")
    let folder = try TemporaryFolder()
    let (image, photo) = (folder.path("image.ppm"), folder.path("photo.jpg"))
    try Data("P6 61 33 255\n".utf8 + (0..<61 * 33 * 3).map { UInt8(truncatingIfNeeded: $0 * 7) })
      .write(to: URL(filePath: image))
    XCTAssertEqual(try shell("cjpeg -outfile \(photo) \(image)"), "")

    // Valgrind gives up where it meets debugging information that is newer than itself.
    let program = Bundle.main.bundleURL.appending(path: "auditeddecode").path
    let stripped = folder.path("stripped")
    XCTAssertEqual(try shell("strip -g -o \(stripped) \(program)"), "")
    let script = folder.path("sum.awk")
    try Data(Self.summing.utf8).write(to: URL(filePath: script))
    let sums = try shell(
      "valgrind --tool=lackey --trace-mem=yes --log-fd=1 \(stripped) \(photo) | awk -f \(script)")

    let run = try ProgramRun("auditeddecode", [photo, "--audit"])
    XCTAssertEqual(run.output, sums)
    // 61 pixels of four bytes, and their padding.
    XCTAssertTrue(sums.hasPrefix("0 0 ") && sums.hasSuffix(" \(33 * 256)\n"), sums)
  }

  private func skipWithout(_ tools: String...) throws {
    for tool in tools where try shell("command -v \(tool)").isEmpty {
      throw XCTSkip("no \(tool)")
    }
  }

  private func shell(_ command: String) throws -> String {
    let folder = try TemporaryFolder()
    let output = folder.path("output")
    let process = Process()
    process.executableURL = URL(filePath: "/bin/sh")
    process.arguments = ["-c", "(\(command)) > \(output)"]
    try process.run()
    process.waitUntilExit()
    return String(decoding: try Data(contentsOf: URL(filePath: output)), as: UTF8.self)
  }
}

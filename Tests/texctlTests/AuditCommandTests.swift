import Foundation
import TestSupport
import TexAllocAudit
import XCTest

final class AuditCommandTests: XCTestCase {
  override func setUpWithError() throws {
    if let obstacle = Audit.obstacle { throw XCTSkip("no audit: \(obstacle)") }
  }

  func testPhotographsAreWrittenWholeAndNeverRead() throws {
    // Widths of 321, 383, 427 and 639 pixels.
    for name in ["brook.jpg", "moon.jpg", "aurora.jpg", "lake.jpg"] {
      for format in ["rgba", "bgra", "grey"] {
        let report = try audit(TestPhotograph.path(name), "--format", format)
        XCTAssertEqual(report["loads"] as? Int, 0)
        XCTAssertGreaterThanOrEqual(try XCTUnwrap(report["fullLineShare"] as? Double), 0.999)
        XCTAssertLessThanOrEqual(try XCTUnwrap(report["busWritesPerLine"] as? Double), 1.01)
        XCTAssertGreaterThan(try XCTUnwrap(report["linesTouched"] as? Int), 1000)
        XCTAssertEqual(report["sampled"] as? Bool, false)
      }
    }
  }

  func testTheTextSaysWhatWasCountedAndWhatItTook() throws {
    let run = try ProgramRun("texctl", ["audit", TestPhotograph.path("hills.jpg")])
    XCTAssertEqual(run.status, 0, run.complaint)
    for line in ["loads        0", "lines        9600 touched", "bus writes   1.0", "audited in"] {
      XCTAssertTrue(run.output.contains(line), run.output)
    }
  }

  func testWhatIsNoPictureIsOneLine() throws {
    let run = try ProgramRun("texctl", ["audit", "/no/such/file.jpg"])
    XCTAssertEqual(run.status, 1)
    XCTAssertEqual(run.complaint, "texctl: /no/such/file.jpg: No such file or directory\n")
    XCTAssertEqual(try ProgramRun("texctl", ["audit", "a.jpg", "--format", "cmyk"]).status, 2)
  }

  private func audit(_ arguments: String...) throws -> [String: Any] {
    let run = try ProgramRun("texctl", ["audit", "--json"] + arguments)
    XCTAssertEqual(run.status, 0, run.complaint)
    let report = try JSONSerialization.jsonObject(with: Data(run.output.utf8))
    return try XCTUnwrap(report as? [String: Any])
  }
}

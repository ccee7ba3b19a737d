import Foundation
import TestSupport
import TexAllocAudit
import XCTest

/// `TEXALLOC_AUDIT`, from outside of a program that knows nothing of it.
final class ProcessAuditTests: XCTestCase {
  private let photograph = TestPhotograph.path("brook.jpg")

  func testImportedTexturesAreWrittenWholeAndNeverRead() throws {
    let audit = try audit()
    if TestedDevice.isDemanded, !audit.run.output.contains("brook.jpg, 321x481: imported") {
      throw XCTSkip("the device imports no photographs: \(audit.run.output)")
    }
    XCTAssertTrue(audit.run.complaint.contains("bus writes   1.0 per line"), audit.run.complaint)
    XCTAssertEqual(audit.report["loads"] as? Int, 0)
    XCTAssertEqual(audit.report["fullLineShare"] as? Double, 1)
    XCTAssertEqual(audit.report["busWritesPerLine"] as? Double, 1)
    XCTAssertGreaterThan(try XCTUnwrap(audit.report["linesTouched"] as? Int), 481 * 21)
    let keys = [
      "loads", "stores", "nonTemporalShare", "linesTouched", "fullLineShare", "busWritesPerLine",
      "offenders",
    ]
    XCTAssertEqual(keys.filter { audit.report[$0] == nil }, [])
  }

  func testWhoReadsBackIsNamedWithItsLine() throws {
    let audit = try audit("--route", "uploaded")
    XCTAssertGreaterThan(try XCTUnwrap(audit.report["loads"] as? Int), 0)
    let offenders = try XCTUnwrap(audit.report["offenders"] as? [[String: Any]])
    let reader = try XCTUnwrap(offenders.first { $0["offence"] as? String == "load" })
    if ProcessInfo.processInfo.environment["TEXALLOC_PROGRAMS"] != nil,
      offenders.allSatisfy({ offender in
        (offender["backtrace"] as? [[String: Any]])?.allSatisfy { $0["file"] == nil } ?? true
      })
    {
      throw XCTSkip("the program was stripped of where its lines are")
    }
    let files =
      (reader["backtrace"] as? [[String: Any]])?.compactMap { $0["file"] as? String } ?? []
    XCTAssertTrue(
      files.contains { $0.hasSuffix("TexAllocEGL/EGLDevice+Copying.swift") }, "\(reader)")
  }

  func testAReportThatCannotBeWrittenIsToldAndTheProgramSucceeds() throws {
    let audit = try run([], writing: "/no/such/folder/report.json")
    XCTAssertEqual(audit.status, 0)
    XCTAssertTrue(
      audit.complaint.contains("/no/such/folder/report.json: No such file or directory"),
      audit.complaint)
  }

  private func audit(
    _ arguments: String...
  ) throws -> (run: ProgramRun, report: [String: Any]) {
    let folder = try TemporaryFolder()
    let path = folder.path("report.json")
    let run = try run(arguments, writing: path)
    XCTAssertEqual(run.status, 0, run.complaint)
    let report = try JSONSerialization.jsonObject(with: Data(contentsOf: URL(filePath: path)))
    return (run, try XCTUnwrap(report as? [String: Any]))
  }

  private func run(_ arguments: [String], writing path: String) throws -> ProgramRun {
    if let obstacle = Audit.obstacle { throw XCTSkip("no audit: \(obstacle)") }
    let folder = try TemporaryFolder()
    return try ProgramRun(
      "glyphdemo",
      [
        "-o", folder.path("a.png"), "--size", "320x200", "--device", TestedDevice.name, "--photos",
        photograph,
      ]
        + arguments,
      environment: ["TEXALLOC_AUDIT": path])
  }
}

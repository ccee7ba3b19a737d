import Foundation
import TestSupport
import XCTest

final class CheckCommandTests: XCTestCase {
  func testEveryRouteShowsThePixelsThatWereDecoded() throws {
    let photographs = [TestPhotograph.path("brook.jpg"), TestPhotograph.path("moon.jpg")]
    let run = try ProgramRun("texctl", ["check", "--json"] + photographs)
    XCTAssertEqual(run.status, 0, run.complaint)
    let report = try XCTUnwrap(
      JSONSerialization.jsonObject(with: Data(run.output.utf8)) as? [String: Any])
    let entries = try XCTUnwrap(report["entries"] as? [[String: Any]])
    XCTAssertEqual(
      entries.filter { $0["finisher"] as? String == "cpu" }.compactMap { $0["route"] as? String },
      ["imported", "transferred", "uploaded"].flatMap { [$0, $0] })
    XCTAssertEqual(entries.count { $0["finisher"] as? String == "gpu" }, photographs.count)
    for entry in entries {
      let verdict = entry["verdict"] as? String
      XCTAssertTrue(verdict == "identical" || verdict == "not to be had", "\(entry)")
      XCTAssertEqual(verdict == "identical", entry["reason"] is NSNull, "\(entry)")
    }
  }

  func testEveryRouteOfVulkanShowsThePixelsThatWereDecoded() throws {
    let photographs = [TestPhotograph.path("brook.jpg"), TestPhotograph.path("moon.jpg")]
    let run = try ProgramRun("texctl", ["check", "--api", "vulkan", "--json"] + photographs)
    XCTAssertEqual(run.status, 0, run.complaint)
    let report = try XCTUnwrap(
      JSONSerialization.jsonObject(with: Data(run.output.utf8)) as? [String: Any])
    if report["renderer"] as? String == "no device of Vulkan" {
      throw XCTSkip("no device of Vulkan here")
    }
    let entries = try XCTUnwrap(report["entries"] as? [[String: Any]])
    let identical = entries.filter { $0["verdict"] as? String == "identical" }
    XCTAssertEqual(
      identical.compactMap { $0["route"] as? String },
      ["imported", "transferred"].flatMap { [$0, $0] })
    XCTAssertFalse(entries.contains { $0["verdict"] as? String == "different" })
  }

  func testWhatCannotBeReadIsOneLine() throws {
    let run = try ProgramRun("texctl", ["check", "/no/such/file.jpg"])
    XCTAssertEqual(run.status, 1)
    XCTAssertTrue(
      run.complaint.hasSuffix("texctl: /no/such/file.jpg: No such file or directory\n"),
      run.complaint)
  }
}

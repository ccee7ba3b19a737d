import Foundation
import TestSupport
import XCTest

/// `glyphdemo --scroll`, from the command line to the files that it leaves.
final class ScrollTests: XCTestCase {
  func testACacheThatIsTooSmallShowsTheSameFramesByEveryRoute() throws {
    let folder = try TemporaryFolder()
    for route in ["automatic", "uploaded"] {
      let (report, picture) = (folder.path("\(route).json"), folder.path("\(route).png"))
      let run = try ProgramRun(
        "glyphdemo",
        [
          "--scroll", "20", "--size", "480x300", "--device", TestedDevice.name, "--route", route,
          "-o", picture, "--report", report, "--dump-atlas", folder.path("pages"),
        ])
      XCTAssertEqual(run.status, 0, run.complaint)
      let scroll = try XCTUnwrap(
        JSONSerialization.jsonObject(with: Data(contentsOf: URL(filePath: report)))
          as? [String: Any])
      XCTAssertEqual(scroll["differentFrames"] as? [Int], [])
      XCTAssertEqual(scroll["frames"] as? Int, 20)
      XCTAssertGreaterThanOrEqual(try XCTUnwrap(scroll["keys"] as? Int), 20_000)
      let small = try XCTUnwrap(scroll["small"] as? [String: Any])
      XCTAssertGreaterThan(try XCTUnwrap(small["evicted"] as? Int), 500)
      XCTAssertLessThanOrEqual(try XCTUnwrap(small["pages"] as? Int), 2)
      if small["route"] as? String == "imported" { XCTAssertEqual(scroll["loads"] as? Int, 0) }
      let packing = try String(contentsOfFile: folder.path("pages/page-0.svg"), encoding: .utf8)
      XCTAssertTrue(packing.contains("<rect"))
      XCTAssertTrue(
        try Data(contentsOf: URL(filePath: folder.path("pages/page-0.png")))
          .starts(with: [0x89, 0x50, 0x4E, 0x47]))
    }
  }
}

import Foundation
import TestSupport
import TexAlloc
import XCTest

@testable import glyphdemo

final class GalleryTests: XCTestCase {
  func testAFolderOfAllSortsIsScrolledThroughAndPlotted() throws {
    let folder = try TemporaryFolder()
    let pictures = folder.url.appending(path: "pictures")
    try FileManager.default.createDirectory(at: pictures, withIntermediateDirectories: true)
    let photos = ["lake.jpg", "moon.jpg", "sea.jpg"]
    for number in 0..<30 {
      try FileManager.default.copyItem(
        atPath: TestPhotograph.path(photos[number % 3]),
        toPath: pictures.appending(path: "\(number).jpg").path)
    }
    try Data("no picture".utf8).write(to: pictures.appending(path: "letter.jpg"))
    let plot = folder.path("gallery.svg")
    let run = try ProgramRun(
      "glyphdemo",
      ["--gallery", pictures.path, "--frames", "20", "--size", "320x200", "--shots", "19"]
        + ["-o", plot])
    XCTAssertEqual(run.status, 0, run.complaint)
    XCTAssertTrue(run.output.contains("letter.jpg: seems to be no picture"), run.output)
    let svg = try String(contentsOfFile: plot, encoding: .utf8)
    XCTAssertEqual(svg.components(separatedBy: "<title>frame ").count - 1, 40, "each frame, twice")
    let shot = try Data(contentsOf: URL(filePath: folder.path("gallery-00019.png")))
    XCTAssertEqual(Array(shot.prefix(4)), [0x89, 0x50, 0x4E, 0x47])
  }

  func testAGalleryMakesTheFolderThatItWritesToByItself() throws {
    let folder = try TemporaryFolder()
    let photos = URL(filePath: TestPhotograph.path("lake.jpg")).deletingLastPathComponent().path
    let run = try ProgramRun(
      "glyphdemo", ["--gallery", photos, "--frames", "2", "--size", "64x64"], in: folder)
    XCTAssertEqual(run.status, 0, run.complaint)
    for name in ["gallery.svg", "gallery-end.png"] {
      XCTAssertTrue(FileManager.default.fileExists(atPath: folder.path("out/\(name)")), name)
    }
  }

  func testBothAPIsEndTheGalleryWithinTwoLevelsOfEachOther() throws {
    let there = try ProgramRun("texctl", ["probe", "--json", "--device", TestedDevice.name])
    guard there.output.contains("vulkan:") else { throw XCTSkip("no device of Vulkan here") }
    let folder = try TemporaryFolder()
    let photos = URL(filePath: TestPhotograph.path("lake.jpg")).deletingLastPathComponent().path
    let options = ["--gallery", photos, "--frames", "9", "--size", "480x300", "--shots", "0"]
    let gl = try ProgramRun(
      "glyphdemo", options + ["--device", TestedDevice.name, "-o", folder.path("gl.svg")])
    XCTAssertEqual(gl.status, 0, gl.complaint)
    let vulkan = try ProgramRun(
      "glyphdemo",
      options + ["--device", TestedDevice.name, "--api", "vulkan", "-o", folder.path("vulkan.svg")]
        + ["--against", folder.path("gl-end.png")])
    XCTAssertEqual(vulkan.status, 0, vulkan.complaint)
    XCTAssertTrue(vulkan.output.contains("gl-end.png differs by at most"), vulkan.output)
    XCTAssertTrue(vulkan.output.contains("TexAlloc: imported"), vulkan.output)
  }

  func testTheInputReachesTheEndAndComesBack() {
    let layout = GalleryLayout(of: 100, size: .init(width: 800, height: 600))
    let places = (0..<600).map { layout.scroll(atFrame: $0, of: 600) }
    XCTAssertEqual(places.first, 0)
    XCTAssertEqual(places.last, 0)
    let end = layout.pictures(scrolledBy: places.max() ?? 0)
    XCTAssertEqual(end.upperBound, 100)
    XCTAssertEqual(layout.pictures(scrolledBy: 0).lowerBound, 0)
    for place in places {
      for picture in layout.pictures(scrolledBy: place) {
        let frame = layout.frame(of: picture, scrolledBy: place)
        XCTAssertTrue(frame.y + frame.height > -50 && frame.y < 650, "\(picture) at \(frame)")
      }
    }
  }
}

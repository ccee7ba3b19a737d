import Foundation
import TestSupport
import XCTest

final class MergeCommandTests: XCTestCase {
  private var folder: TemporaryFolder!

  override func setUpWithError() throws {
    folder = try TemporaryFolder()
  }

  override func tearDown() {
    folder = nil
  }

  func testMergedAttributesAndTheLayoutExitWith0() throws {
    let gpu = try file(#"{"name": "gpu", "formats": [{"fourcc": "XR24", "modifier": 0}]}"#)
    let run = try merge(gpu, "--image", "1920x1080", "--json")
    XCTAssertEqual(run.status, 0)
    XCTAssert(run.output.hasPrefix(#"{"merged": {"#), run.output)
    XCTAssert(
      run.output.hasSuffix(
        #""layout": {"planes": [{"offset": 0, "pitch": 7680, "rows": 1080}], "size": 8294400}}"#
          + "\n"), run.output)
    XCTAssertEqual(run.complaint, "")

    let table = try merge(gpu, "--image", "1920x1080")
    XCTAssertEqual(table.status, 0)
    XCTAssert(table.output.contains("\nchosen format   XR24\n"), table.output)
    XCTAssert(table.output.contains("\nplane 0         offset 0, pitch 7680, rows 1080\n"))
    XCTAssert(table.output.contains("\nprovides        not known\n"), table.output)
    let heap = try file(#"{"name": "heap", "provides": {"contiguous": true}}"#)
    let known = "\nprovides        contiguous, physical alignment 1, not protected\n"
    XCTAssert(try merge(gpu, heap).output.contains(known))
  }

  func testAConflictExitsWith1() throws {
    let files = [
      try file(#"{"name": "gpu", "heaps": ["a"]}"#), try file(#"{"name": "b", "heaps": ["c"]}"#),
    ]
    let run = try merge(files + ["--json"])
    XCTAssertEqual(run.status, 1)
    XCTAssert(run.output.hasPrefix(#"{"conflict": {"field": "heaps""#), run.output)
    let words = try merge(files)
    XCTAssertEqual(words.status, 1)
    XCTAssertEqual(
      words.output, "conflict in heaps: b accepts only heap c; gpu accepts only heap a\n")
  }

  func testInvalidInputExitsWith2AndOneLine() throws {
    let wrong = try file(#"{"name": "gpu", "pitchAlignment": 0}"#)
    let run = try merge(wrong, "--json")
    XCTAssertEqual(run.status, 2)
    XCTAssert(
      run.output.hasPrefix(#"{"invalid": {"participant": "gpu", "field": "pitchAlignment""#))
    let words = try merge(wrong)
    XCTAssertEqual(words.status, 2)
    XCTAssertEqual(words.output, "")
    XCTAssertEqual(
      words.complaint, "gpu: pitchAlignment: 0; an alignment is 1 … 2147483648\n")
  }

  func testFilesAreReadInOrderBeforeAnythingIsChecked() throws {
    let unchecked = try file(#"{"name": ""}"#)
    let broken = try file("{")
    let unread = folder.path("absent")
    XCTAssert(try merge(unchecked, broken, unread).complaint.hasPrefix("\(broken): line 1, "))
    XCTAssertEqual(
      try merge(unchecked, unread, broken).complaint,
      "\(unread): cannot be read: No such file or directory\n")
  }

  func testAnUnreadableFileIsTheParticipant() throws {
    let run = try merge("/absent", "--json")
    XCTAssertEqual(run.status, 2)
    XCTAssertEqual(
      run.output,
      #"{"invalid": {"participant": "/absent", "reason": "cannot be read: No such file or directory"}}"#
        + "\n")
    XCTAssertEqual(try merge(folder.url.path).status, 2)
  }

  func testAFileThatIsTooLongIsNotReadWhole() throws {
    XCTAssert(try merge("/dev/zero").complaint.contains("longer than 1048576 bytes"))
  }

  func testArgumentsThatMakeNoSenseExitWith2() throws {
    let gpu = try file(#"{"name": "gpu"}"#)
    for image in [
      "", "x", "1920", "1920x", "x1080", "1920x1080x1", "1920X1080", "+1x1", "1x-1",
      " 1x1", "1.0x1", "9223372036854775808x1", "٣x1", "1920×1080",
    ] {
      let run = try merge(gpu, "--image=\(image)")
      XCTAssertEqual(run.status, 2, image)
      XCTAssertEqual(run.output, "", image)
      XCTAssertNotEqual(run.complaint, "", image)
    }
    XCTAssertEqual(try merge().status, 2)
    XCTAssertEqual(try merge(gpu, "--bogus").status, 2)
    XCTAssertEqual(try merge(gpu, "--image", "9223372036854775807x1").status, 0)
    XCTAssertEqual(try merge(gpu, "--image", "0x1").status, 1)
  }

  /// Of a camera, a decoder, a display and a GPU of software, as `texctl probe` told of them in the guest.
  func testThePictureOfAPipelineIsWhatIsDrawnOfIt() throws {
    let docs = URL(filePath: #filePath).appending(path: "../../../Docs").standardized
    let files = try FileManager.default.contentsOfDirectory(
      atPath: docs.appending(path: "pipeline").path
    ).filter { $0.hasSuffix(".json") }.sorted().map {
      docs.appending(path: "pipeline/\($0)").path
    }
    XCTAssertEqual(files.count, 4)
    let picture = folder.path("pipeline.svg")
    let run = try merge(files + ["--image", "640x480", "--svg", picture])
    XCTAssertEqual(run.status, 0, run.output)
    XCTAssertTrue(run.output.contains("chosen format   XR24"), run.output)
    XCTAssertEqual(
      try String(contentsOfFile: picture, encoding: .utf8),
      try String(contentsOf: docs.appending(path: "pipeline.svg"), encoding: .utf8),
      "draw it again: texctl merge --image 640x480 --svg Docs/pipeline.svg Docs/pipeline/*.json")
  }

  func testAConflictIsDrawnToo() throws {
    let files = [
      try file(#"{"name": "a<b", "heaps": ["a"]}"#), try file(#"{"name": "b", "heaps": ["c"]}"#),
    ]
    let picture = folder.path("conflict.svg")
    XCTAssertEqual(try merge(files + ["--svg", picture]).status, 1)
    let drawn = try String(contentsOfFile: picture, encoding: .utf8)
    XCTAssertTrue(drawn.contains(">conflict</text>"), drawn)
    XCTAssertTrue(drawn.contains(">a&lt;b</text>"), drawn)
  }

  private func file(_ text: String) throws -> String {
    let file = folder.path(UUID().uuidString)
    try Data(text.utf8).write(to: URL(filePath: file))
    return file
  }

  private func merge(_ arguments: String...) throws -> ProgramRun { try merge(arguments) }

  private func merge(_ arguments: [String]) throws -> ProgramRun {
    try ProgramRun("texctl", ["merge"] + arguments)
  }
}

import Foundation
import ProgramSupport
import SystemPackage
import TestSupport
import TexAlloc
import TexAllocJPEG
import XCTest

/// All of it together: what a camera takes, a stream, photographs and text, on a screen that QEMU takes
/// pictures of.
final class LivePageTests: XCTestCase {
  /// Has the guest read the program, Mesa and the fonts, which takes it longer than all that the test does: it
  /// is no part of the test's time.
  override class func setUp() {
    guard (try? Monitor()) != nil else { return }
    _ = try? ProgramRun(
      "glyphdemo",
      ["--device", "software", "--size", "320x200", "-o", "/dev/null", "--photos"]
        + ["assets/photos/brook.jpg"])
  }

  override func tearDown() async throws {
    try Vivid.unload()
    try Vicodec.unload()
  }

  func testTheScreenShowsCameraStreamPhotographsAndTextAsTheGPUReadsThem() throws {
    // Before whoever runs the guest takes the test for hung.
    let deadline = ContinuousClock.now + .seconds(150)
    let folder = try TemporaryFolder()
    _ = try Vivid()
    let before = try Screenshot(of: "cirrus", to: "before-live")
    let stream = folder.path("sea.fwht")
    try Data(seaStream(by: Vicodec())).write(to: URL(filePath: stream))
    // The program's last picture is on the screen until somebody reads the file.
    let (picture, report) = (folder.path("live.png"), folder.path("live.json"))
    unsafe XCTAssertEqual(mkfifo(picture, 0o600), 0)
    let photos = ["brook", "dahlia", "dunes", "hills"].map { "assets/photos/\($0).jpg" }
    let program = try LiveProgram(
      [
        "--display", "cirrus", "--size", "800x600", "--device", "software", "--stream", stream,
        "-o", picture,
      ]
        + ["--report", report, "--photos"] + photos, in: folder)
    defer { program.end() }

    let size = ImageSize(width: 800, height: 600)
    XCTAssertNotEqual(before.size, size)
    let isShowing = try program.wait(until: deadline) { attempt in
      guard program.complaint.contains("showing on") else { return false }
      return try Screenshot(of: "cirrus", to: "live-first-\(attempt)").size == size
    }
    XCTAssertTrue(isShowing, program.complaint)
    program.interrupt()
    let file = try FileDescriptor.open(FilePath(picture), .readOnly, options: .nonBlocking)
    defer { try? file.close() }
    let isWriting = try program.wait(until: deadline) { _ in
      var request = pollfd(fd: file.rawValue, events: Int16(POLLIN), revents: 0)
      return unsafe poll(&request, 1, 100) > 0 && Int32(request.revents) & POLLIN != 0
    }
    XCTAssertTrue(isWriting, program.complaint)
    let shown = try Screenshot(of: "cirrus", to: "live")
    XCTAssertEqual(try Monitor().ask("screendump out/vm/live.png -f png cirrus"), "")
    let read = folder.path("read.png")
    try program.copy(file, to: read)
    XCTAssertTrue(
      try PNGFile(contentsOf: FilePath(read)).pixels == shown.pixels, "the screen shows another")

    XCTAssertEqual(program.status, 0, program.complaint)
    let after = try Screenshot(of: "cirrus", to: "after-live")
    XCTAssertEqual(after.size, before.size, "the mode of before is not put back")
    try check(JSONSerialization.jsonObject(with: Data(contentsOf: URL(filePath: report))))
  }

  /// Each pair has agreed on memory of neither.
  private func check(_ json: Any) throws {
    let report = try XCTUnwrap(json as? [String: Any])
    let display = try XCTUnwrap(report["display"] as? [String: Any])
    XCTAssertEqual(display["buffersLeft"] as? Int, 0)
    let sources = try XCTUnwrap(report["sources"] as? [[String: Any]])
    XCTAssertEqual(sources.map { $0["name"] as? String }, ["camera", "stream"])
    for user in [display] + sources {
      XCTAssertGreaterThan(user["pictures"] as? Int ?? 0, 0, "\(user)")
      let memory = try XCTUnwrap(user["memory"] as? [String: Any], "\(user)")
      XCTAssertEqual((memory["members"] as? [String])?.count, 2)
      XCTAssertTrue(memory["reason"] is NSNull, "\(memory)")
    }
    XCTAssertEqual((report["photos"] as? [Any])?.count, 4)
  }

  /// A photograph that moves, as the virtual codec encodes it.
  private func seaStream(by codec: Vicodec) throws -> [UInt8] {
    let photo = try JPEGDecoder.component.open(
      ImageSource(FilePath("assets/photos/sea.jpg")), DecodingOptions())
    let pool = try TexturePool(for: [], from: [MemfdHeap()])
    let buffer = try pool.allocate(photo.header.descriptor(as: [.xrgb8888]), for: .cpuRead)
    _ = try photo.decode(into: buffer, on: CallingThread()) { _ in true }
    let pixels = try buffer.pixels()
    let (row, size) = (buffer.layout.rowSize(ofPlane: 0), ImageSize(width: 640, height: 360))
    let chunks = unsafe try codec.encode(.xrgb8888, size, count: 3) { number, bytes, pitch, _ in
      for y in 0..<size.height {
        let start = (y + number * 8) * row
        unsafe pixels[start..<start + row].withUnsafeBytes {
          unsafe UnsafeMutableRawBufferPointer(rebasing: bytes[(y * pitch)...])
            .copyMemory(from: $0)
        }
      }
    }
    return Array(chunks.joined())
  }
}

/// The demo while it runs.
private final class LiveProgram {
  private let process = Process()
  private let errors: URL

  init(_ arguments: [String], in folder: TemporaryFolder) throws {
    errors = URL(filePath: folder.path("complaint"))
    try Data().write(to: errors)
    process.executableURL = Bundle.main.bundleURL.appending(path: "glyphdemo")
    process.arguments = arguments
    process.standardOutput = FileHandle.standardError
    process.standardError = try FileHandle(forWritingTo: errors)
    try process.run()
  }

  var complaint: String { (try? String(contentsOf: errors, encoding: .utf8)) ?? "" }

  /// As somebody does by Ctrl-C.
  func interrupt() { process.interrupt() }

  /// Waits until something is so; answers whether it is.
  func wait(
    until deadline: ContinuousClock.Instant, for isSo: (Int) throws -> Bool
  ) throws -> Bool {
    var attempt = 0
    while process.isRunning, ContinuousClock.now < deadline {
      if try isSo(attempt) { return true }
      attempt += 1
      usleep(500_000)
    }
    return false
  }

  /// All that it writes.
  func copy(_ file: FileDescriptor, to path: String) throws {
    _ = fcntl(file.rawValue, F_SETFL, 0)
    var data = Data()
    let handle = FileHandle(fileDescriptor: file.rawValue, closeOnDealloc: false)
    while let part = try handle.read(upToCount: 65536), !part.isEmpty { data.append(part) }
    try data.write(to: URL(filePath: path))
  }

  /// Once it has ended.
  var status: Int32 {
    process.waitUntilExit()
    return process.terminationStatus
  }

  func end() {
    if process.isRunning { kill(process.processIdentifier, SIGKILL) }
    process.waitUntilExit()
  }
}

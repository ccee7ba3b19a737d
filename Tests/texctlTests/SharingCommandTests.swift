import Foundation
import SystemPackage
import TestSupport
import TexAlloc
import TexAllocJPEG
import XCTest

/// `texctl serve`, and those who come to it.
final class SharingCommandTests: XCTestCase {
  private let photograph = TestPhotograph.path("brook.jpg")
  private var folder: TemporaryFolder!
  private var server: Process?

  override func setUpWithError() throws { folder = try TemporaryFolder() }

  override func tearDown() {
    if let server, server.isRunning { server.terminate() }
    server?.waitUntilExit()
    (server, folder) = (nil, nil)
  }

  func testAPhotographIsDrawnByAnotherProcessAsByItsOwn() throws {
    try serve([photograph, photograph], clients: 1)
    let run = try ProgramRun(
      "texctl", ["receive", socket, "-o", folder.url.path, "--json"])
    XCTAssertEqual(run.status, 0, run.complaint)
    let own = folder.path("own.png")
    XCTAssertEqual(try ProgramRun("texctl", ["render", photograph, "-o", own]).status, 0)
    for picture in ["1.png", "2.png"] {
      XCTAssertEqual(
        try Data(contentsOf: URL(filePath: folder.path(picture))),
        try Data(contentsOf: URL(filePath: own)))
    }
    let lines = run.output.split(separator: "\n}\n")
    XCTAssertEqual(lines.count, 2)
    if run.output.contains(#""route" : "imported""#) {
      XCTAssertTrue(run.output.contains(#""bytesCopied" : 0"#), run.output)
    }
    server?.waitUntilExit()
    XCTAssertEqual(server?.terminationStatus, 0)
    XCTAssertFalse(FileManager.default.fileExists(atPath: socket))
  }

  func testAGPUOfVulkanBindsItToo() throws {
    let there = try ProgramRun("texctl", ["probe", "--json"])
    guard there.output.contains("vulkan:") else { throw XCTSkip("no device of Vulkan here") }
    let own = folder.path("own.png")
    let drawn = try ProgramRun("texctl", ["render", photograph, "-o", own, "--api", "vulkan"])
    XCTAssertEqual(drawn.status, 0, drawn.complaint)
    try serve([photograph], clients: 1)
    let run = try ProgramRun(
      "texctl", ["receive", socket, "-o", folder.url.path, "--api", "vulkan", "--json"])
    XCTAssertEqual(run.status, 0, run.complaint)
    XCTAssertTrue(run.output.contains(#""bytesCopied" : 0"#), run.output)
    XCTAssertEqual(
      try Data(contentsOf: URL(filePath: folder.path("1.png"))),
      try Data(contentsOf: URL(filePath: own)))
  }

  func testAClientInPythonReadsThePixels() throws {
    let python = ["/usr/bin/python3", "/usr/local/bin/python3"].first {
      FileManager.default.isExecutableFile(atPath: $0)
    }
    guard let python else { throw XCTSkip("no python3 in /usr/bin or /usr/local/bin") }
    try serve([photograph], clients: 1)
    let client = Process()
    client.executableURL = URL(filePath: python)
    client.arguments = [
      URL(filePath: #filePath).deletingLastPathComponent()
        .appending(path: "../../Examples/Python/receive.py").path, socket, folder.url.path,
    ]
    let pipe = Pipe()
    client.standardOutput = pipe
    try client.run()
    client.waitUntilExit()
    XCTAssertEqual(client.terminationStatus, 0)
    XCTAssertEqual(
      String(decoding: pipe.fileHandleForReading.availableData, as: UTF8.self),
      "farewell: that was all\n")
    let picture = try [UInt8](Data(contentsOf: URL(filePath: folder.path("1.ppm"))))
    let image = try JPEGImage(contentsOf: FilePath(photograph))
    let size = image.descriptor.size
    XCTAssertEqual(
      picture, Array("P6\n\(size.width) \(size.height)\n255\n".utf8) + (try pixels(of: image)))
  }

  func testAClientThatCannotLiveWithPhotographsIsToldWhy() throws {
    struct Narrow: Component {
      let attributes = BufferAttributes(name: "narrow") { $0.maxWidth = 16 }
    }
    try serve([photograph], clients: 1)
    let client = try BufferSocket(connectingTo: FilePath(socket), as: "test")
    let deadline = ContinuousClock.now + .seconds(60)
    guard case .asked? = try client.receive(until: deadline) else { return XCTFail("not asked") }
    try client.answer(with: [Narrow()])
    guard case .conflict(let words)? = try client.receive(until: deadline) else {
      return XCTFail("no conflict")
    }
    XCTAssertTrue(words.contains("peer/narrow accepts width ≤ 16"), words)
  }

  /// A pitch of 2 MiB makes gigabytes of a photograph.
  func testAClientHasNoMoreMemoryMadeForItThanItMay() throws {
    struct Wide: Component {
      let attributes = BufferAttributes(name: "wide") { $0.pitchAlignment = 1 << 21 }
    }
    try serve([photograph], clients: 1)
    let client = try BufferSocket(connectingTo: FilePath(socket), as: "test")
    let deadline = ContinuousClock.now + .seconds(60)
    guard case .asked? = try client.receive(until: deadline) else { return XCTFail("not asked") }
    try client.answer(with: [Wide()])
    guard case .conflict(let words)? = try client.receive(until: deadline) else {
      return XCTFail("no conflict")
    }
    XCTAssertTrue(words.contains("pass the pool's budget of \(512 << 20)"), words)
  }

  func testMemoryOfAClientOfPhotographsIsNotEvenTouched() throws {
    try serve([photograph], clients: 1)
    let client = try BufferSocket(connectingTo: FilePath(socket), as: "test")
    let own = try TexturePool(for: [], from: [MemfdHeap()])
      .allocate(
        ImageDescriptor(width: 16, height: 4, formats: [.abgr8888]), for: [.exportable])
    try client.offer(own)
    var last: SharingEvent?
    while let event = try? client.receive(until: .now + .seconds(60)) { last = event }
    guard case .closed(let words?)? = last else { return XCTFail("not closed") }
    XCTAssertTrue(words.contains("at most 0 more bytes"), words)
  }

  func testWhoeverWaitsForDescriptorsOfTheServerIsServedAndSpokenOfOnce() throws {
    try serve([photograph], clients: 15, ["--patience", "2"], descriptors: 16)
    let silent = try (0..<14).map {
      try BufferSocket(connectingTo: FilePath(socket), as: "silent \($0)")
    }
    let run = try ProgramRun(
      "texctl", ["receive", socket, "-o", folder.url.path, "--patience", "60"])
    XCTAssertEqual(run.status, 0, run.complaint)
    withExtendedLifetime(silent) {}
    let log = try String(contentsOfFile: folder.path("log"), encoding: .utf8).split(separator: "\n")
    let told = log.count { $0.contains("Too many open files") }
    XCTAssertGreaterThan(told, 0, "\(log)")
    XCTAssertLessThan(log.count, 100)
  }

  func testTheServerOutlivesClientsThatKeepStillOrTalkNonsense() throws {
    try serve([photograph], clients: 4, ["--patience", "1"])
    let still = try BufferSocket(connectingTo: FilePath(socket), as: "still")
    let rude = try BufferSocket(connectingTo: FilePath(socket), as: "rude")
    // An answer before the question.
    XCTAssertThrowsError(try rude.answer(with: []))
    try rude.ask()
    let deadline = ContinuousClock.now + .seconds(60)
    for client in [rude, still] {
      var last: SharingEvent?
      while let event = try? client.receive(until: deadline) { last = event }
      guard case .closed(let words?)? = last else { return XCTFail("\(client.peer)") }
      XCTAssertFalse(words.isEmpty)
    }
    for _ in 0..<2 {
      let run = try ProgramRun("texctl", ["receive", socket, "-o", folder.url.path])
      XCTAssertEqual(run.status, 0, run.complaint)
    }
  }

  func testWhereNobodyListensIsOneLine() throws {
    let run = try ProgramRun("texctl", ["receive", socket, "-o", folder.url.path])
    XCTAssertEqual(run.status, 1)
    XCTAssertTrue(run.complaint.contains("texctl: \(socket): connect: "), run.complaint)
  }

  private var socket: String { folder.path("socket") }

  /// - Parameter descriptors: How many the server may have.
  private func serve(
    _ files: [String], clients: Int, _ options: [String] = [], descriptors: Int = 1024
  ) throws {
    let process = Process()
    let program =
      ProcessInfo.processInfo.environment["TEXALLOC_PROGRAMS"]
      .map { URL(filePath: $0).appending(path: "texctl") }
      ?? Bundle.main.bundleURL.appending(path: "texctl")
    process.executableURL = URL(filePath: "/bin/sh")
    process.arguments =
      ["-c", "ulimit -n \(descriptors) && exec \"$@\"", "sh", program.path, "serve", socket] + files
      + ["--clients", "\(clients)"] + options
    let log = URL(filePath: folder.path("log"))
    try Data().write(to: log)
    process.standardError = try FileHandle(forWritingTo: log)
    try process.run()
    server = process
    let deadline = ContinuousClock.now + .seconds(60)
    while try Data(contentsOf: log).isEmpty, ContinuousClock.now < deadline { usleep(1000) }
  }

  private func pixels(of image: JPEGImage) throws -> [UInt8] {
    let pool = try TexturePool(for: [JPEGDecoder.component])
    let buffer = try pool.allocate(
      try image.descriptor(as: [.abgr8888]), for: [.texture, .cpuRead])
    try image.decode(into: buffer)
    let pixels = try buffer.pixels()
    return stride(from: 0, to: pixels.count, by: 4).flatMap { pixels[$0..<$0 + 3] }
  }
}

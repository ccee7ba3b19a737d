import Foundation
import Glibc
import TestSupport
import XCTest

/// `texctl serve` and `texctl receive` ended as by `kill -9`, at moments that chance chooses of the time
/// that a whole conversation takes.
final class KilledCommandTests: XCTestCase {
  private static let atATime = 4
  private let photograph = TestPhotograph.path("brook.jpg")
  private var folder: TemporaryFolder!
  private var random = SplitMix64(seed: 21)
  private var running: [Process] = []

  override func setUpWithError() throws { folder = try TemporaryFolder() }

  override func tearDown() {
    for process in running where process.isRunning { kill(process.processIdentifier, SIGKILL) }
    for process in running { process.waitUntilExit() }
    (running, folder) = ([], nil)
  }

  /// `TEXALLOC_ROUNDS` sets other numbers of rounds, of four clients each.
  private var rounds: Int {
    ProcessInfo.processInfo.environment["TEXALLOC_ROUNDS"].flatMap { Int($0) } ?? 6
  }

  func testTheServerServesOnAfterItsClientsWereKilled() throws {
    let server = try serve()
    let whole = try wholeConversation()
    let before = try descriptorCount(of: server)
    var killed = 0
    for _ in 0..<rounds {
      let clients = try (0..<Self.atATime).map { try receive("\($0)") }
      for delay in (0..<Self.atATime).map({ _ in moment(within: whole) }).sorted() {
        sleep(until: delay)
        let client = clients[killed % Self.atATime]
        if client.isRunning { kill(client.processIdentifier, SIGKILL) }
        killed += 1
      }
      for client in clients { client.waitUntilExit() }
    }
    _ = try wholeConversation()
    XCTAssertTrue(server.isRunning, "after \(killed) deaths")
    let deadline = ContinuousClock.now + .seconds(60)
    while ContinuousClock.now < deadline, try descriptorCount(of: server) > before {
      usleep(10_000)
    }
    XCTAssertLessThanOrEqual(try descriptorCount(of: server), before, "after \(killed) deaths")
  }

  func testEveryClientEndsWithALineWhereTheServerWasKilled() throws {
    var server = try serve()
    let whole = try wholeConversation()
    var ends: [Int32: Int] = [:]
    for round in 0..<rounds {
      let clients = try (0..<Self.atATime).map { try receive("\($0)") }
      sleep(until: moment(within: whole))
      kill(server.processIdentifier, SIGKILL)
      server.waitUntilExit()
      for (number, client) in clients.enumerated() {
        client.waitUntilExit()
        XCTAssertEqual(client.terminationReason, .exit, "round \(round)")
        ends[client.terminationStatus, default: 0] += 1
        let complaint = try String(contentsOfFile: folder.path("log-\(number)"), encoding: .utf8)
        if client.terminationStatus == 0 {
          XCTAssertEqual(complaint, "", "round \(round)")
        } else {
          XCTAssertEqual(client.terminationStatus, 1, complaint)
          XCTAssertEqual(complaint.split(separator: "\n").count, 1, complaint)
          XCTAssertTrue(
            ["the connection is closed", "the other process is gone", "connect: "].contains {
              complaint.hasPrefix("texctl: ") && complaint.contains($0)
            }, complaint)
        }
      }
      // The path that it left is taken over.
      server = try serve()
    }
    _ = try wholeConversation()
    XCTAssertGreaterThan(ends[1, default: 0], 0, "\(ends)")
  }

  /// How long it takes, undisturbed.
  private func wholeConversation() throws -> Duration {
    let start = ContinuousClock.now
    let client = try receive("whole")
    client.waitUntilExit()
    let complaint = try String(contentsOfFile: folder.path("log-whole"), encoding: .utf8)
    XCTAssertEqual(client.terminationStatus, 0, complaint)
    return .now - start
  }

  private func moment(within duration: Duration) -> ContinuousClock.Instant {
    .now + duration * Double.random(in: 0...1, using: &random)
  }

  private func sleep(until moment: ContinuousClock.Instant) {
    usleep(UInt32(max(0, (moment - .now) / .microseconds(1))))
  }

  private func descriptorCount(of process: Process) throws -> Int {
    try FileManager.default.contentsOfDirectory(atPath: "/proc/\(process.processIdentifier)/fd")
      .count
  }

  private func serve() throws -> Process {
    let log = folder.path("log")
    let server = try run(
      ["serve", folder.path("socket")] + Array(repeating: photograph, count: 3), log: log)
    let deadline = ContinuousClock.now + .seconds(60)
    while ContinuousClock.now < deadline, try String(contentsOfFile: log, encoding: .utf8).isEmpty {
      usleep(1000)
    }
    return server
  }

  private func receive(_ name: String) throws -> Process {
    let output = folder.url.appending(path: name)
    try FileManager.default.createDirectory(at: output, withIntermediateDirectories: true)
    return try run(
      ["receive", folder.path("socket"), "-o", output.path, "--patience", "60"],
      log: folder.path("log-\(name)"))
  }

  private func run(_ arguments: [String], log: String) throws -> Process {
    let process = Process()
    process.executableURL =
      ProcessInfo.processInfo.environment["TEXALLOC_PROGRAMS"]
      .map { URL(filePath: $0).appending(path: "texctl") }
      ?? Bundle.main.bundleURL.appending(path: "texctl")
    process.arguments = arguments
    try Data().write(to: URL(filePath: log))
    process.standardError = try FileHandle(forWritingTo: URL(filePath: log))
    process.standardOutput = FileHandle.nullDevice
    try process.run()
    running.append(process)
    return process
  }
}

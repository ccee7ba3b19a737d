import Foundation
import Glibc
import SystemPackage
import TestSupport
import XCTest

@testable import TexAlloc
@testable import sharingpeer

/// The other process is ended as by `kill -9`, at every step of the protocol, on either side.
final class KilledPeerTests: XCTestCase {
  private var folder: TemporaryFolder!

  override func setUpWithError() throws { folder = try TemporaryFolder() }
  override func tearDown() { folder = nil }

  func testTheConversationItselfComesToItsEnd() throws {
    for role in [Conversation.Role.producer, .consumer] {
      XCTAssertEqual(try talk(with: role, endingBefore: 99), 2, "both sides with \(role)")
    }
  }

  /// Five rounds of twenty; `TEXALLOC_ROUNDS` sets others.
  func testAfterEachDeathThisProcessIsAsBefore() throws {
    let rounds =
      ProcessInfo.processInfo.environment["TEXALLOC_ROUNDS"].flatMap { Int($0) } ?? 5
    _ = try talk(with: .producer, endingBefore: 0)
    let (before, mappings) = (try descriptorCount(), try mappingCount())
    var deaths = 0
    for _ in 0..<rounds {
      for role in [Conversation.Role.producer, .consumer] {
        for step in 0...Conversation.steps {
          deaths += 1
          XCTAssertLessThan(
            try talk(with: role, endingBefore: step), 3, "\(role) ends before \(step)")
        }
      }
    }
    XCTAssertEqual(deaths, rounds * 20)
    try assertNoMoreDescriptors(than: before)
    XCTAssertLessThanOrEqual(try mappingCount(), mappings)
  }

  /// - Returns: How many of both came to the end.
  private func talk(
    with role: Conversation.Role, endingBefore step: Int
  ) throws -> Int {
    let path = FilePath(folder.path("s"))
    let listener = try BufferListener(at: path)
    let program = Process()
    program.executableURL = Bundle.main.bundleURL.appending(path: "sharingpeer")
    program.arguments = [path.string, role.rawValue, "\(step)"]
    try program.run()
    defer { program.waitUntilExit() }
    let socket: BufferSocket
    do throws(SharingError) { socket = try listener.accept(as: "survivor") } catch {
      guard error == .closed else { throw error }
      return 0
    }
    var conversation = Conversation(over: socket)
    let isWhole = try conversation.run(as: role == .producer ? .consumer : .producer)
    socket.close()
    program.waitUntilExit()
    XCTAssertEqual(socket.heldBytes, 0)
    return (isWhole ? 1 : 0) + (program.terminationStatus == 0 ? 1 : 0)
  }

  /// Of memfds; what the last conversation let go of is gone soon.
  private func mappingCount() throws -> Int {
    usleep(100_000)
    let maps = try XCTUnwrap(SystemFile.text(of: "/proc/self/maps"))
    return maps.split(separator: "\n").count { $0.contains("/memfd:memfd") }
  }
}

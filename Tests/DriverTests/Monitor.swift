import Foundation
import XCTest

/// The monitor of the QEMU that this runs in: the folder `$VM` holds a file with the request, and
/// then one with the reply.
struct Monitor {
  private let folder: String

  /// - Throws: `XCTSkip` outside of the guest.
  init() throws {
    guard let folder = ProcessInfo.processInfo.environment["VM"] else {
      throw XCTSkip("no QEMU around this process: VM/run sets VM")
    }
    self.folder = folder
  }

  func ask(_ command: String) throws -> String {
    let (request, reply) = ("\(folder)/request", "\(folder)/reply")
    try command.write(toFile: "\(request).partial", atomically: false, encoding: .utf8)
    try FileManager.default.moveItem(atPath: "\(request).partial", toPath: request)
    while !FileManager.default.fileExists(atPath: reply) { usleep(20_000) }
    defer { try? FileManager.default.removeItem(atPath: reply) }
    return try String(contentsOfFile: reply, encoding: .utf8)
  }
}

extension XCTestCase {
  /// The dma-bufs of the whole guest: the last line, since each of them has a total of its own.
  func dmaBufs() throws -> Int {
    _ = PresentHeap.shared  // which has some
    let text = try String(contentsOfFile: "/sys/kernel/debug/dma_buf/bufinfo", encoding: .utf8)
    let words = try XCTUnwrap(text.split(separator: "\n").last { $0.hasPrefix("Total") })
      .split(separator: " ")
    return try XCTUnwrap(Int(words[1]), text)
  }

  /// That no more of them are left; what was let go of goes a moment later.
  func expectDMABufs(atMost count: Int) throws {
    let deadline = ContinuousClock.now + .seconds(60)
    while try dmaBufs() > count, ContinuousClock.now < deadline { usleep(50_000) }
    XCTAssertLessThanOrEqual(try dmaBufs(), count)
  }
}

import Glibc
import SystemPackage
import TestSupport
import XCTest

@testable import TexAlloc

/// Two ends of a connection in one process.
struct SocketPair {
  let producer, consumer: BufferSocket
  private let folder: TemporaryFolder

  init(limits: PeerLimits = PeerLimits()) throws {
    folder = try TemporaryFolder()
    let path = FilePath(folder.path("s"))
    let listener = try BufferListener(at: path)
    consumer = try BufferSocket(connectingTo: path, as: "consumer", limits: limits)
    producer = try listener.accept(as: "producer", limits: limits)
  }
}

/// A peer that sends what it likes.
final class RawPeer {
  let victim: BufferSocket
  private var socket: PacketSocket?
  private let folder: TemporaryFolder
  private(set) var sent: UInt64 = 0

  init(limits: PeerLimits = PeerLimits()) throws {
    folder = try TemporaryFolder()
    let path = FilePath(folder.path("s"))
    let listener = try BufferListener(at: path)
    socket = try PacketSocket.connecting(to: path)
    victim = try listener.accept(as: "victim", limits: limits)
  }

  func send(_ bytes: [UInt8], _ descriptors: [CInt] = []) throws {
    let isSent = try socket?.send(bytes, descriptors, until: .now + .seconds(1))
    XCTAssertEqual(isSent, true)
  }

  func send(_ message: WireMessage, _ descriptors: [CInt] = []) throws {
    try send(message.encoded(as: sent), descriptors)
    sent += 1
  }

  /// The next message of the victim's; nil where it is gone, or says nothing.
  func receive() throws -> (bytes: [UInt8], packet: Packet)? {
    var room = [UInt8](repeating: 0, count: WireForm.largestMessage)
    let packet = try socket?.receive(into: &room, until: .now + .milliseconds(10))
    guard let packet, packet.size > 0 else { return nil }
    return (Array(room.prefix(packet.size)), packet)
  }

  /// As when its process ends.
  func die() { socket = nil }

  /// What the victim makes of all that was sent.
  @discardableResult
  func events() throws -> [SharingEvent] {
    var events: [SharingEvent] = []
    while let event = try victim.receive(until: .now) {
      events.append(event)
      if case .closed = event { break }
    }
    return events
  }
}

extension WireOffer {
  /// An image of 16x4 pixels in 256 bytes.
  static func sample(number: UInt64 = 1) -> WireOffer {
    WireOffer(
      tenure: WireTenure(number: number, generation: 1), width: 16, height: 4,
      format: Format(.abgr8888), planes: [.init(offset: 0, pitch: 64, memory: 0)], memories: 1,
      isKept: false, orientation: .upright, colour: .picture, alpha: .premultiplied,
      sampling: .asStored, fence: .passed, label: "sample", attributes: BufferConstraints())
  }
}

/// How many descriptors this process has.
func descriptorCount() throws -> Int {
  try SystemFile.names(in: "/proc/self/fd").count
}

/// Fails where there are more descriptors than before; threads of pools may be closing some.
func assertNoMoreDescriptors(
  than before: Int, file: StaticString = #filePath, line: UInt = #line
) throws {
  let deadline = ContinuousClock.now + .seconds(60)
  while try descriptorCount() > before, ContinuousClock.now < deadline { usleep(1000) }
  XCTAssertLessThanOrEqual(try descriptorCount(), before, file: file, line: line)
}

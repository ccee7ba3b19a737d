import CLinux
import Glibc
import SystemPackage
import TestSupport
import XCTest

@testable import TexAlloc

final class BufferListenerTests: XCTestCase {
  func testOnlyItsUserOpensTheSocketAndOnlyWhoIsAllowedIsAccepted() throws {
    let folder = try TemporaryFolder()
    let path = FilePath(folder.path("s"))
    do {
      let listener = try BufferListener(at: path, allowing: [geteuid() + 1])
      XCTAssertEqual(try path.stat().permissions, .ownerReadWrite)
      let before = try descriptorCount()
      _ = try BufferSocket(connectingTo: path, as: "me")
      XCTAssertThrowsError(try Self.accept(listener)) {
        guard case SharingError.stranger(let peer, _) = $0 else { return XCTFail("\($0)") }
        XCTAssertEqual(peer.user, geteuid())
      }
      // Who connects looks at who listens, too.
      XCTAssertThrowsError(
        try BufferSocket(connectingTo: path, as: "me", allowing: [geteuid() + 1])
      ) {
        guard case SharingError.stranger(let peer, _) = $0 else { return XCTFail("\($0)") }
        XCTAssertEqual(peer.process, getpid())
      }
      try assertNoMoreDescriptors(than: before)
      try assertError(.failed(SystemFailure("bind", on: path.string, .addressInUse))) {
        _ = try BufferListener(at: path)
      }
    }
    XCTAssertThrowsError(try path.stat(followTargetSymlink: false))
    XCTAssertThrowsError(try BufferSocket(connectingTo: path, as: "me"))
  }

  func testASocketMayHaveANameThatIsNoText() throws {
    let folder = try TemporaryFolder()
    let path = unsafe FilePath(
      platformString: folder.path("s").utf8.map { CInterop.PlatformChar(bitPattern: $0) } + [-1, 0])
    do {
      let listener = try BufferListener(at: path)
      let peer = try BufferSocket(connectingTo: path, as: "peer")
      let socket = try listener.accept(as: "listener")
      peer.close(because: "seen")
      guard case .closed("seen")? = try socket.receive(until: .now) else {
        return XCTFail("not closed")
      }
    }
    XCTAssertNil(try? path.stat(followTargetSymlink: false))
  }

  func testADesertedSocketIsReplacedAndAFileIsNot() throws {
    let folder = try TemporaryFolder()
    let path = FilePath(folder.path("s"))
    let raw = texalloc_packet_socket()
    XCTAssertEqual(unsafe texalloc_listen(raw, path.string), 0)
    close(raw)
    let listener = try BufferListener(at: path)
    try assertError(.failed(SystemFailure("bind", on: path.string, .addressInUse))) {
      _ = try BufferListener(at: path)
    }
    // Who asked whether somebody listens has not come as a peer.
    var request = pollfd(fd: listener.descriptor.rawValue, events: Int16(POLLIN), revents: 0)
    XCTAssertEqual(unsafe poll(&request, 1, 0), 0)
    _ = consume listener
    try "x".write(toFile: path.string, atomically: false, encoding: .utf8)
    try assertError(.failed(SystemFailure("bind", on: path.string, .addressInUse))) {
      _ = try BufferListener(at: path)
    }
    XCTAssertEqual(try String(contentsOfFile: path.string, encoding: .utf8), "x")
  }

  private static func accept(_ listener: borrowing BufferListener) throws {
    _ = try listener.accept(as: "x")
  }
}

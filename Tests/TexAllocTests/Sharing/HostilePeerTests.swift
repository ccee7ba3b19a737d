import CLinux
import Glibc
import SystemPackage
import TestSupport
import XCTest

@testable import TexAlloc

/// Each case costs the peer its connection, and this process nothing.
final class HostilePeerTests: XCTestCase {
  func testMessagesOutOfTurnCostTheConnection() throws {
    let hello = WireMessage.hello(name: "x")
    let tenure = WireTenure(number: 1, generation: 1)
    let cases: [(String, [WireMessage])] = [
      ("ask", [.ask]), ("hello", [hello, hello]),
      ("ask", [hello, .ask, .ask]), ("attributes", [hello, .attributes([])]),
      ("conflict", [hello, .conflict("no")]), ("again", [hello, .again(tenure, .passed)]),
      ("release", [hello, .release(tenure, .passed, refusal: "")]),
      ("withdraw", [hello, .withdraw(number: 1)]),
      ("reached", [hello, .reached(1)]),
    ]
    for (message, messages) in cases {
      let peer = try RawPeer()
      for message in messages { try peer.send(message) }
      XCTAssertThrowsError(try peer.events()) {
        guard case SharingError.unexpected(message, _) = $0 else { return XCTFail("\($0)") }
      }
      try assertError(.closed) { try peer.events() }
      // The peer is told, after the hello.
      _ = try peer.receive()
      XCTAssertEqual(try peer.receive()?.bytes[6], 10)
    }
  }

  func testMessagesTwiceOrInAnotherOrderCostTheConnection() throws {
    let hello = WireMessage.hello(name: "x").encoded(as: 0)
    let (first, second) = (
      WireMessage.ask.encoded(as: 1), WireMessage.withdraw(number: 1).encoded(as: 2)
    )
    for messages in [[hello, hello], [hello, second, first], [hello, first, first], [first]] {
      let peer = try RawPeer()
      for bytes in messages { try peer.send(bytes) }
      XCTAssertThrowsError(try peer.events()) {
        guard case SharingError.malformed(let message) = $0 else { return XCTFail("\($0)") }
        XCTAssertEqual(message.field, "sequence")
      }
    }
  }

  /// Else a peer could have this side read for ever, in one call that was not to wait at all.
  func testCountersAreThoseOfFencesAndAscend() throws {
    let memory = try Memfd(size: 4096, seals: Memfd.shared)
    var offers = [WireOffer.sample(), .sample(number: 2)]
    offers[0].fence = .counter(1)
    func second(_ counter: UInt64) -> WireMessage {
      offers[1].fence = .counter(counter)
      return .offer(offers[1])
    }
    let cases: [(String, [WireMessage])] = [
      ("reached", [.reached(2)]), ("reached", [.reached(1), .reached(1)]),
      ("reached", [second(2), .reached(2), .reached(1)]), ("fence", [second(1)]),
      ("fence", [second(3)]), ("fence", [second(.max)]),
    ]
    for (message, messages) in cases {
      let peer = try RawPeer()
      try peer.send(.hello(name: "x"))
      for message in [.offer(offers[0])] + messages {
        try peer.send(message, message.descriptors == 0 ? [] : [memory.descriptor.rawValue])
      }
      XCTAssertThrowsError(try peer.events()) {
        guard case SharingError.unexpected(message, _) = $0 else { return XCTFail("\($0)") }
      }
    }
  }

  func testWhatNobodyReadIsClosedWithTheSocket() throws {
    let memory = try Memfd(size: 4096, seals: Memfd.shared)
    let raw = memory.descriptor.rawValue
    let (reading, writing) = try FileDescriptor.pipe()
    let before = try descriptorCount()
    do {
      let peer = try RawPeer()
      try peer.send(.hello(name: "x"))
      // One offer is heard and refused, one stays in the queue: with the only end of a pipe.
      try peer.send(.offer(.sample(number: 1)), [raw])
      try peer.send(.offer(.sample(number: 1)), [raw])
      try peer.send(.offer(.sample(number: 2)), [writing.rawValue])
      try writing.close()
      XCTAssertThrowsError(try peer.events())
      try assertError(.closed) { try peer.events() }
      var hangup = pollfd(fd: reading.rawValue, events: Int16(POLLIN), revents: 0)
      XCTAssertEqual(unsafe poll(&hangup, 1, 0), 0)
    }
    var hangup = pollfd(fd: reading.rawValue, events: Int16(POLLIN), revents: 0)
    XCTAssertEqual(unsafe poll(&hangup, 1, 60_000), 1)
    try reading.close()
    try assertNoMoreDescriptors(than: before)
  }

  func testDescriptorsThatAreMissingOrTooManyAreRefusedAndClosed() throws {
    let memory = try Memfd(size: 4096, seals: Memfd.shared)
    let raw = memory.descriptor.rawValue
    let before = try descriptorCount()
    for count in [0, 2, 3, 7, 8] {
      let peer = try RawPeer()
      try peer.send(.hello(name: "x"))
      try peer.send(.offer(.sample()), Array(repeating: raw, count: count))
      XCTAssertThrowsError(try peer.events()) {
        guard case SharingError.malformed(let message) = $0 else { return XCTFail("\($0)") }
        XCTAssertEqual(message.field, "descriptors")
      }
    }
    for message in [WireMessage.ask, .hello(name: "x")] {
      let peer = try RawPeer()
      try peer.send(.hello(name: "x"))
      try peer.send(message, [raw])
      XCTAssertThrowsError(try peer.events())
    }
    try assertNoMoreDescriptors(than: before)
  }

  /// The kernel then leaves them out, and says so.
  func testDescriptorsThatFindNoRoomHereCostTheConnection() throws {
    let memory = try Memfd(size: 4096, seals: Memfd.shared)
    let before = try descriptorCount()
    do {
      let peer = try RawPeer()
      try peer.send(.hello(name: "x"))
      try peer.send(.offer(.sample()), [memory.descriptor.rawValue])
      var limit = rlimit()
      XCTAssertEqual(unsafe getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit), 0)
      var none = rlimit(rlim_cur: 0, rlim_max: limit.rlim_max)
      XCTAssertEqual(unsafe setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &none), 0)
      let result = Result { try peer.events() }
      XCTAssertEqual(unsafe setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit), 0)
      XCTAssertThrowsError(try result.get()) {
        guard case SharingError.malformed(let message) = $0 else { return XCTFail("\($0)") }
        XCTAssertEqual(message.field, "descriptors")
      }
      try assertError(.closed) { try peer.events() }
    }
    try assertNoMoreDescriptors(than: before)
  }

  func testAnEmptyPacketAndOneThatIsTooLongCostTheConnection() throws {
    let memory = try Memfd(size: 4096, seals: Memfd.shared)
    let before = try descriptorCount()
    do {
      let peer = try RawPeer()
      try peer.send([], [memory.descriptor.rawValue])
      guard case .closed(nil)? = try peer.events().last else { return XCTFail("not closed") }
      let other = try RawPeer()
      try other.send([UInt8](repeating: 0x54, count: WireForm.largestMessage + 1))
      XCTAssertThrowsError(try other.events()) {
        guard case SharingError.malformed(let message) = $0 else { return XCTFail("\($0)") }
        XCTAssertEqual(message.field, "size")
      }
    }
    try assertNoMoreDescriptors(than: before)
  }

  func testAFenceThatIsNoneCostsTheConnection() throws {
    let peer = try RawPeer()
    let memory = try Memfd(size: 4096, seals: Memfd.shared)
    var offer = WireOffer.sample()
    offer.fence = .syncFile
    try peer.send(.hello(name: "x"))
    try peer.send(.offer(offer), [memory.descriptor.rawValue, memory.descriptor.rawValue])
    XCTAssertThrowsError(try peer.events()) {
      guard case SharingError.failed(let failure) = $0 else { return XCTFail("\($0)") }
      XCTAssertEqual(failure.operation, "SYNC_IOC_FILE_INFO")
    }
    XCTAssertEqual(peer.victim.heldBytes, 0)
  }

  func testAPeerThatDoesNotReadIsLost() throws {
    let peer = try RawPeer(limits: PeerLimits(buffers: 100_000, patience: .milliseconds(50)))
    let pool = try TexturePool(for: [], from: [MemfdHeap()])
    let image = ImageDescriptor(width: 16, height: 4, formats: [.abgr8888])
    try assertError(.slow(.milliseconds(50))) {
      for _ in 0..<10_000 {
        try peer.victim.offer(try pool.allocate(image, for: [.texture, .exportable]))
      }
    }
    XCTAssertEqual(pool.statistics.slots, 0)
    // It is told, after all that it did not read.
    while try peer.receive() != nil {}
    XCTAssertThrowsError(try peer.send([1])) {
      XCTAssertEqual(($0 as? SystemFailure)?.errno, .brokenPipe)
    }
  }

  func testThousandsOfMutatedMessagesLeaveNothing() throws {
    let memory = try Memfd(size: 4096, seals: Memfd.shared)
    let before = try descriptorCount()
    var messages = RandomMessages(seed: 5)
    var counts = (refused: 0, taken: 0)
    for _ in 0..<3000 {
      let peer = try RawPeer()
      try peer.send(.hello(name: "x"))
      let message =
        messages.number(0...1) == 0 ? .offer(.sample()) : messages.next()
      var bytes = message.encoded(as: 1)
      let place = messages.number(0...bytes.count - 1)
      bytes[place] = messages.byte()
      try peer.send(bytes, Array(repeating: memory.descriptor.rawValue, count: message.descriptors))
      do {
        try peer.events()
        counts.taken += 1
      } catch { counts.refused += 1 }
    }
    XCTAssertGreaterThan(counts.refused, 1000)
    XCTAssertGreaterThan(counts.taken, 10)
    try assertNoMoreDescriptors(than: before)
  }
}

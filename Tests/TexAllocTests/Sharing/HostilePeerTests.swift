import CLinux
import Glibc
import SystemPackage
import TestSupport
import XCTest

@testable import TexAlloc

/// Each case costs the peer its connection, and this process nothing.
final class HostilePeerTests: XCTestCase {
  private static let seals = texalloc_seal_shrink | texalloc_seal_grow | texalloc_seal_seal

  func testMemoryThatCouldHarmIsRefused() throws {
    let sealed = try Memfd(size: 4096, seals: Self.seals)
    XCTAssertNil(try refusedField(of: sealed.descriptor.rawValue))
    var cases: [(String, CInt, String)] = []
    let unsealed = try Memfd(size: 4096)
    let growing = try Memfd(size: 4096, seals: texalloc_seal_shrink | texalloc_seal_seal)
    let open = try Memfd(size: 4096, seals: texalloc_seal_shrink | texalloc_seal_grow)
    let small = try Memfd(size: 255, seals: Self.seals)
    let empty = try Memfd(size: 0, seals: Self.seals)
    cases += [
      ("unsealed", unsealed.descriptor.rawValue, "seals"),
      ("that may grow", growing.descriptor.rawValue, "seals"),
      ("whose seals may change", open.descriptor.rawValue, "seals"),
      ("too small", small.descriptor.rawValue, "size of plane 0"),
      ("empty", empty.descriptor.rawValue, "size of plane 0"),
    ]
    for (path, mode) in [("/tmp", O_RDONLY), ("/dev/zero", O_RDWR), ("/dev/null", O_RDWR)] {
      let raw = unsafe Glibc.open(path, mode | O_CLOEXEC)
      XCTAssertGreaterThanOrEqual(raw, 0)
      cases.append((path, raw, "descriptor"))
    }
    var ends: [CInt] = [0, 0]
    XCTAssertEqual(unsafe pipe(&ends), 0)
    cases += ends.map { ("pipe", $0, "descriptor") }
    cases.append(("socket", texalloc_packet_socket(), "descriptor"))
    cases.append(("eventfd", texalloc_eventfd(), "descriptor"))
    defer { for (_, raw, field) in cases where field == "descriptor" { close(raw) } }
    for (what, raw, field) in cases {
      XCTAssertEqual(try refusedField(of: raw), field, what)
    }
  }

  func testReservedHugePagesAreRefused() throws {
    let raw = unsafe texalloc_memfd_create("huge", 21)
    guard raw >= 0 else { throw XCTSkip("the kernel has no huge pages of 2 MiB") }
    defer { close(raw) }
    guard ftruncate(raw, 2 << 20) == 0 else { throw XCTSkip("no huge pages are reserved") }
    XCTAssertEqual(texalloc_add_seals(raw, Self.seals), 0)
    XCTAssertEqual(try refusedField(of: raw), "pages")
  }

  func testPagesAreThereBeforeTheyAreTrusted() throws {
    let memory = try Memfd(size: 1 << 20, seals: Self.seals)
    XCTAssertEqual(try memory.descriptor.stat().blocksAllocated, 0)
    XCTAssertNil(try refusedField(of: memory.descriptor.rawValue))
    XCTAssertEqual(try memory.descriptor.stat().blocksAllocated * 512, 1 << 20)
  }

  func testAPeerHasNoMoreMemoryHereThanItMay() throws {
    let peer = try RawPeer(limits: PeerLimits(bytes: 3 * 4096, buffers: 2))
    try peer.send(.hello(name: "x"))
    for number in 1...2 as ClosedRange<UInt64> {
      let memory = try Memfd(size: 4096, seals: Self.seals)
      try peer.send(.offer(.sample(number: number)), [memory.descriptor.rawValue])
    }
    try peer.events()
    XCTAssertEqual(peer.victim.heldBytes, 8192)
    let third = try Memfd(size: 4096, seals: Self.seals)
    try peer.send(.offer(.sample(number: 3)), [third.descriptor.rawValue])
    try assertError(.quota(field: "buffers", held: 2, wanted: 1, limit: 2)) {
      try peer.events()
    }
    XCTAssertEqual(peer.victim.heldBytes, 0)

    let sparse = try Memfd(size: 1 << 40, seals: Self.seals)
    let other = try RawPeer(limits: PeerLimits(bytes: 1 << 20))
    try other.send(.hello(name: "x"))
    try other.send(.offer(.sample()), [sparse.descriptor.rawValue])
    XCTAssertThrowsError(try other.events()) {
      guard case SharingError.memory(.unsuitable(_, "size", _, let held)) = $0 else {
        return XCTFail("\($0)")
      }
      XCTAssertEqual(held, "\(1 << 40)")
    }
    XCTAssertEqual(try sparse.descriptor.stat().blocksAllocated, 0)
  }

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
    let memory = try Memfd(size: 4096, seals: Self.seals)
    var offers = [WireOffer.sample(), .sample(number: 2)]
    (offers[0].fence, offers[1].fence) = (.counter(2), .counter(2))
    let cases: [(String, [WireMessage])] = [
      ("reached", [.reached(3)]), ("reached", [.reached(1), .reached(1)]),
      ("reached", [.reached(2), .reached(1)]), ("fence", [.offer(offers[1])]),
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
    let memory = try Memfd(size: 4096, seals: Self.seals)
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
    let memory = try Memfd(size: 4096, seals: Self.seals)
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

  func testAnEmptyPacketAndOneThatIsTooLongCostTheConnection() throws {
    let memory = try Memfd(size: 4096, seals: Self.seals)
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
    let memory = try Memfd(size: 4096, seals: Self.seals)
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
    let memory = try Memfd(size: 4096, seals: Self.seals)
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

  /// The field of the refusal; nil where it is taken. Whatever becomes of it, no descriptor stays.
  private func refusedField(of raw: CInt) throws -> String? {
    let before = try descriptorCount()
    defer { XCTAssertNoThrow(try assertNoMoreDescriptors(than: before)) }
    let peer = try RawPeer()
    try peer.send(.hello(name: "x"))
    try peer.send(.offer(.sample()), [raw])
    do {
      try peer.events()
      return nil
    } catch SharingError.memory(.unsuitable(_, let field, _, _)) {
      return field
    }
  }
}

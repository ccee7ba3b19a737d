import CLinux
import Glibc
import SystemPackage
import TestSupport
import XCTest

@testable import TexAlloc

final class BufferSocketTests: XCTestCase {
  private let image = ImageDescriptor(width: 100, height: 50, formats: [.abgr8888])
  private let pool = try? TexturePool(for: [], from: [MemfdHeap()])

  func testAnImageArrivesWithoutACopy() throws {
    let pair = try SocketPair()
    let buffer = try allocate()
    fill(buffer, with: 7)
    let name = try pair.producer.offer(buffer, orientation: .turnedRight)
    let received = try XCTUnwrap(received(by: pair.consumer))
    XCTAssertEqual(received.handOver, name)
    XCTAssertEqual(received.orientation, .turnedRight)
    XCTAssertEqual(received.buffer.layout.imageSize, buffer.layout.imageSize)
    XCTAssertEqual(received.buffer.layout.format, buffer.layout.format)
    XCTAssertEqual(received.buffer.heap, "memfd")
    XCTAssertEqual(received.attributes.caching, [.cached])
    XCTAssertEqual(try received.buffer.pixels(), [UInt8](repeating: 7, count: 100 * 50 * 4))
    // The same memory.
    fill(buffer, with: 8)
    XCTAssertEqual(try received.buffer.pixels()[0], 8)
    XCTAssertEqual(pair.consumer.peerName, "producer")
    XCTAssertEqual(pair.consumer.peer.process, getpid())
  }

  func testAReleasedBufferIsFreeAgainAfterItsFence() throws {
    let pair = try SocketPair()
    let pool = try XCTUnwrap(pool)
    let used = ManualFence()
    try pair.producer.offer(try allocate())
    let received = try XCTUnwrap(received(by: pair.consumer))
    try pair.consumer.release(received.handOver, after: used)
    do {
      guard case .released(let name, _, nil)? = try pair.producer.receive(until: .now) else {
        return XCTFail("not released")
      }
      XCTAssertEqual(name, received.handOver)
    }
    XCTAssertEqual(pool.statistics.waitingSlots, 1)
    used.pass()
    XCTAssertNil(try pair.consumer.receive(until: .now))
    XCTAssertNil(try pair.producer.receive(until: .now))
    pool.collect()
    XCTAssertEqual(pool.statistics.slots, 0)
  }

  func testAKeptBufferComesAgainInItsNextGeneration() throws {
    let pair = try SocketPair()
    let buffer = try allocate()
    let written = ManualFence()
    var name = try pair.producer.offer(buffer, keeping: true, after: written)
    var memory: TextureBuffer.ID?
    for generation in 1...3 as ClosedRange<UInt64> {
      let received = try XCTUnwrap(received(by: pair.consumer))
      XCTAssertEqual(received.handOver, HandOver(number: 1, generation: generation))
      XCTAssertEqual(received.buffer.id, memory ?? received.buffer.id)
      memory = received.buffer.id
      XCTAssertEqual(received.fence?.hasPassed, generation == 1 ? false : nil)
      if generation == 1 {
        written.pass()
        try pair.producer.announce()
        XCTAssertNil(try pair.consumer.receive(until: .now))
        XCTAssertEqual(received.fence?.hasPassed, true)
      }
      XCTAssertThrowsError(try pair.producer.handOverAgain(name.number))
      XCTAssertThrowsError(try pair.producer.withdraw(name.number))
      let used = ManualFence()
      XCTAssertFalse(pair.producer.isIdle(name.number))
      try pair.consumer.release(received.handOver, after: used)
      XCTAssertThrowsError(try pair.consumer.release(received.handOver))
      guard case .released? = try pair.producer.receive(until: .now) else {
        return XCTFail("not released")
      }
      XCTAssertFalse(pair.producer.isIdle(name.number))
      used.pass()
      try pair.consumer.announce()
      XCTAssertNil(try pair.producer.receive(until: .now))
      XCTAssertTrue(pair.producer.isIdle(name.number))
      if generation < 3 { name = try pair.producer.handOverAgain(name.number) }
    }
    try pair.producer.withdraw(name.number)
    guard case .withdrawn? = try pair.consumer.receive(until: .now) else {
      return XCTFail("not withdrawn")
    }
    XCTAssertEqual(pair.consumer.heldBytes, 0)
  }

  func testABufferGoesToOnePeerOnly() throws {
    let (first, second) = (try SocketPair(), try SocketPair())
    let buffer = try allocate()
    try first.producer.offer(buffer)
    try assertError(.sharedBefore(buffer: "image")) { try second.producer.offer(buffer) }
    let own = try XCTUnwrap(pool).allocate(image)
    try assertError(.notExported(.notExportable(buffer: "image"))) {
      try second.producer.offer(own)
    }
    // Nothing of it was sent.
    XCTAssertNil(try second.consumer.receive(until: .now))
  }

  func testAnImageThatNoMessageCanDescribeIsNotSent() throws {
    let pool = try TexturePool(
      for: [], from: [MemfdHeap()], limits: PoolLimits(budget: 1 << 34))
    let wide = ImageDescriptor(width: 1 << 32, height: 1, formats: [.r8])
    guard let buffer = try? pool.allocate(wide, for: [.exportable]) else {
      throw XCTSkip("no memory of 4 GiB, though nobody touches it")
    }
    let pair = try SocketPair()
    XCTAssertThrowsError(try pair.producer.offer(buffer)) {
      guard case SharingError.misuse(let words) = $0 else { return XCTFail("\($0)") }
      XCTAssertTrue(words.contains("width"), words)
    }
    XCTAssertNil(try pair.consumer.receive(until: .now))
    try pair.producer.offer(try allocate())
    XCTAssertNotNil(try received(by: pair.consumer))
  }

  func testARefusalSaysWhy() throws {
    let pair = try SocketPair()
    try pair.producer.offer(try allocate())
    try pair.consumer.refuse(
      XCTUnwrap(received(by: pair.consumer)).handOver, because: "too wide")
    guard case .released(_, _, let refusal)? = try pair.producer.receive(until: .now) else {
      return XCTFail("not released")
    }
    XCTAssertEqual(refusal, "too wide")
  }

  func testTheDeathOfAPeerReleasesAllThatItHeld() throws {
    let pool = try XCTUnwrap(pool)
    let before = try descriptorCount()
    do {
      let pair = try SocketPair()
      for _ in 0..<5 { try pair.producer.offer(try allocate(), after: ManualFence()) }
      var held = try (0..<5).map { _ in try XCTUnwrap(received(by: pair.consumer)) }
      XCTAssertEqual(held[0].fence?.hasPassed, false)
      pair.producer.close(because: "enough")
      XCTAssertEqual(pool.statistics.slots, 0)
      guard case .closed("enough")? = try pair.consumer.receive(until: .now) else {
        return XCTFail("not closed")
      }
      XCTAssertTrue(held.allSatisfy { $0.fence?.hasPassed == true })
      // What this side still has stays valid.
      XCTAssertEqual(try held[0].buffer.pixels().count, 20_000)
      XCTAssertGreaterThan(pair.consumer.heldBytes, 0)
      held = []
      XCTAssertEqual(pair.consumer.heldBytes, 0)
      try assertError(.closed) { _ = try pair.consumer.receive(until: .now) }
      try assertError(.closed) { try pair.producer.offer(try self.allocate()) }
    }
    try assertNoMoreDescriptors(than: before)
  }

  func testWhatAPeerSaidBeforeItWentIsHeard() throws {
    // It goes without having read that a fence has passed, and before this side says so.
    for isTold in [true, false] {
      let used = ManualFence()
      let consumer = try {
        let pair = try SocketPair()
        let name = try pair.producer.offer(try allocate(), keeping: true)
        XCTAssertNotNil(try received(by: pair.consumer))
        try pair.consumer.release(name, after: used)
        guard case .released? = try pair.producer.receive(until: .now) else {
          throw SharingError.misuse("not released")
        }
        try pair.producer.withdraw(name.number)
        if isTold { used.pass() }
        try pair.consumer.announce()
        pair.producer.close(because: "the end")
        return pair.consumer
      }()
      used.pass()
      guard case .withdrawn? = try consumer.receive(until: .now) else {
        return XCTFail("not withdrawn, told: \(isTold)")
      }
      guard case .closed("the end")? = try consumer.receive(until: .now) else {
        return XCTFail("closed without its words, told: \(isTold)")
      }
      try assertError(.closed) { _ = try consumer.receive(until: .now) }
    }
  }

  func testAPeerThatWentBeforeItWasAcceptedIsHeard() throws {
    let folder = try TemporaryFolder()
    let path = FilePath(folder.path("s"))
    let listener = try BufferListener(at: path)
    do {
      let consumer = try BufferSocket(connectingTo: path, as: "hasty")
      try consumer.offer(try allocate())
      consumer.close(because: "in a hurry")
    }
    let socket = try listener.accept(as: "late")
    XCTAssertEqual(try received(by: socket)?.buffer.pixels().count, 20_000)
    guard case .closed("in a hurry")? = try socket.receive(until: .now) else {
      return XCTFail("not closed")
    }
    XCTAssertEqual(socket.peerName, "hasty")
  }

  /// Whatever it does with an image, it gets it.
  func testAPeerHasASayInEveryImage() throws {
    let reader = BufferAttributes(name: "peer/reader") {
      $0.formats = [Format(.argb8888)]
      $0.cpuUsage = [.read]
    }
    let display = BufferAttributes(name: "peer/display") {
      $0.pitchAlignment = 1024
      $0.deviceUsage = [.scanout]
    }
    let pool = try TexturePool(
      for: [PeerComponent(reader), PeerComponent(display)], from: [MemfdHeap()])
    let image = ImageDescriptor(width: 60, height: 8, formats: [.abgr8888, .argb8888])
    let buffer = try pool.allocate(image, for: [.exportable])
    XCTAssertEqual(buffer.layout.format, Format(.argb8888))
    XCTAssertEqual(buffer.layout.planes[0].pitch, 1024)
  }

  func testAttributesAreAskedForAndConflictsReachBoth() throws {
    struct Viewer: Component {
      let attributes = BufferAttributes(name: "viewer", provides: ProvidedMemory()) {
        $0.formats = [Format(.argb8888)]
        $0.pitchAlignment = 256
      }
      var quirks: [BufferAttributes] { [BufferAttributes(name: "quirk") { $0.maxWidth = 64 }] }
    }
    let pair = try SocketPair()
    try assertError(.misuse("attributes: the peer has not asked")) {
      try pair.consumer.answer(with: [Viewer()])
    }
    try pair.producer.ask()
    guard case .asked? = try pair.consumer.receive(until: .now) else {
      return XCTFail("not asked")
    }
    try pair.consumer.answer(with: [Viewer()])
    guard case .attributes(let participants)? = try pair.producer.receive(until: .now) else {
      return XCTFail("no answer")
    }
    XCTAssertEqual(participants.map(\.name), ["peer/viewer", "peer/quirk"])
    XCTAssertEqual(participants[0].constraints, Viewer().attributes.constraints)
    XCTAssertNil(participants[0].provides)

    let pool = try TexturePool(for: participants.map(PeerComponent.init), from: [MemfdHeap()])
    XCTAssertThrowsError(try pool.allocate(image, for: [.texture, .exportable])) { error in
      XCTAssertTrue("\(error)".contains("peer/"), "\(error)")
      try? pair.producer.report(conflict: "\(error)")
    }
    guard case .conflict(let words)? = try pair.consumer.receive(until: .now) else {
      return XCTFail("no conflict")
    }
    XCTAssertTrue(words.contains("peer/"), words)
    let narrow = ImageDescriptor(width: 60, height: 8, formats: [.abgr8888, .argb8888])
    let buffer = try pool.allocate(narrow, for: [.texture, .exportable])
    XCTAssertEqual(buffer.layout.format, Format(.argb8888))
    XCTAssertTrue(buffer.layout.planes[0].pitch.isMultiple(of: 256))
  }

  func testTenThousandHandOversLeaveNothing() throws {
    let pair = try SocketPair()
    let pool = try XCTUnwrap(pool)
    let small = ImageDescriptor(width: 16, height: 4, formats: [.abgr8888])
    func handOver() throws {
      try pair.producer.offer(try pool.allocate(small, for: [.texture, .exportable]))
      try pair.consumer.release(try XCTUnwrap(self.received(by: pair.consumer)).handOver)
      _ = try pair.producer.receive(until: .now)
    }
    try handOver()
    let before = try descriptorCount()
    for _ in 0..<10_000 { try handOver() }
    try assertNoMoreDescriptors(than: before)
    XCTAssertEqual(pool.statistics.slabs, 0)
    XCTAssertEqual(pair.consumer.heldBytes, 0)
  }

  private func received(by socket: BufferSocket) throws -> ReceivedBuffer? {
    guard case .received(let image)? = try socket.receive(until: .now) else { return nil }
    return image
  }

  private func allocate() throws -> TextureBuffer {
    try XCTUnwrap(pool).allocate(image, for: [.texture, .exportable])
  }

  private func fill(_ buffer: TextureBuffer, with byte: UInt8) {
    var writer = buffer.writer()
    writer.fill(0..<writer.rowCount, with: byte)
  }
}

/// Fails unless the body throws just this.
func assertError(
  _ wanted: SharingError, file: StaticString = #filePath, line: UInt = #line,
  _ body: () throws -> Void
) throws {
  do {
    try body()
    XCTFail("no error", file: file, line: line)
  } catch let error as SharingError {
    XCTAssertEqual(error, wanted, file: file, line: line)
  }
}

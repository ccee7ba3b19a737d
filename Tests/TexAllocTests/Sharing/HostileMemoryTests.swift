import CLinux
import Foundation
import Glibc
import SystemPackage
import TestSupport
import XCTest

@testable import TexAlloc

/// What a peer may have this process hold, or look at.
final class HostileMemoryTests: XCTestCase {
  func testMemoryThatCouldHarmIsRefused() throws {
    let sealed = try Memfd(size: 4096, seals: Memfd.shared)
    XCTAssertNil(try refusedField(of: sealed.descriptor.rawValue))
    var cases: [(String, CInt, String)] = []
    let unsealed = try Memfd(size: 4096)
    let growing = try Memfd(size: 4096, seals: texalloc_seal_shrink | texalloc_seal_seal)
    let open = try Memfd(size: 4096, seals: texalloc_seal_shrink | texalloc_seal_grow)
    let small = try Memfd(size: 255, seals: Memfd.shared)
    let empty = try Memfd(size: 0, seals: Memfd.shared)
    cases += [
      ("unsealed", unsealed.descriptor.rawValue, "seals"),
      ("that may grow", growing.descriptor.rawValue, "seals"),
      ("whose seals may change", open.descriptor.rawValue, "seals"),
      ("too small", small.descriptor.rawValue, "size of plane 0"),
      ("empty", empty.descriptor.rawValue, "size of plane 0"),
    ]
    let folder = try TemporaryFolder()
    let file = folder.path("file")
    try String(repeating: "x", count: 4096).write(toFile: file, atomically: false, encoding: .utf8)
    for (path, mode) in [
      ("/tmp", O_RDONLY), ("/dev/zero", O_RDWR), ("/dev/null", O_RDWR), (file, O_RDWR),
    ] {
      let raw = unsafe Glibc.open(path, mode | O_CLOEXEC)
      XCTAssertGreaterThanOrEqual(raw, 0)
      cases.append(
        (path, raw, path == file && texalloc_get_seals(raw) >= 0 ? "seals" : "descriptor"))
    }
    var ends: [CInt] = [0, 0]
    XCTAssertEqual(unsafe pipe(&ends), 0)
    cases += ends.map { ("pipe", $0, "descriptor") }
    cases.append(("socket", texalloc_packet_socket(), "descriptor"))
    cases.append(("eventfd", texalloc_eventfd(), "descriptor"))
    defer { for (_, raw, _) in cases.dropFirst(5) { close(raw) } }
    for (what, raw, field) in cases {
      XCTAssertEqual(try refusedField(of: raw), field, what)
    }
  }

  func testReservedHugePagesAreRefused() throws {
    let raw = unsafe texalloc_memfd_create("huge", 21)
    guard raw >= 0 else { throw XCTSkip("the kernel has no huge pages of 2 MiB") }
    defer { close(raw) }
    guard ftruncate(raw, 2 << 20) == 0 else { throw XCTSkip("no huge pages are reserved") }
    XCTAssertEqual(texalloc_add_seals(raw, Memfd.shared), 0)
    XCTAssertEqual(try refusedField(of: raw), "pages")
  }

  func testPagesAreThereBeforeTheyAreTrusted() throws {
    let memory = try Memfd(size: 1 << 20, seals: Memfd.shared)
    XCTAssertEqual(try memory.descriptor.stat().blocksAllocated, 0)
    XCTAssertNil(try refusedField(of: memory.descriptor.rawValue))
    XCTAssertEqual(try memory.descriptor.stat().blocksAllocated * 512, 1 << 20)
  }

  /// Which keep memory as long as the descriptor is held, and let a file look whole that is not. They are
  /// given back; where they cannot be, they count.
  func testPagesBehindTheEndAreGivenBackOrCount() throws {
    let peer = try RawPeer(limits: PeerLimits(bytes: 4 << 20))
    try peer.send(.hello(name: "x"))
    var events: [SharingEvent] = []
    func offer(_ number: UInt64, _ seals: CInt) throws -> Int {
      let memory = try Memfd(size: 1 << 20)
      let raw = memory.descriptor.rawValue
      XCTAssertEqual(fallocate(raw, 1, 1 << 20, 1 << 20), 0, "FALLOC_FL_KEEP_SIZE")
      XCTAssertEqual(texalloc_add_seals(raw, Memfd.shared | seals), 0)
      try peer.send(.offer(.sample(number: number)), [raw])
      events += try peer.events()
      return Int(try memory.descriptor.stat().blocksAllocated) * 512
    }
    XCTAssertEqual(try offer(1, 0), 1 << 20, "pages that are there")
    XCTAssertEqual(peer.victim.heldBytes, 1 << 20)
    let writeSeal: CInt = 8  // F_SEAL_WRITE
    XCTAssertEqual(try offer(2, writeSeal), 2 << 20)
    XCTAssertEqual(peer.victim.heldBytes, 3 << 20)
    XCTAssertThrowsError(try offer(3, writeSeal)) {
      guard case SharingError.memory(.unsuitable(_, "size", _, _)) = $0 else {
        return XCTFail("\($0)")
      }
    }
    XCTAssertEqual(events.count, 2)
    XCTAssertEqual(peer.victim.heldBytes, 3 << 20, "of what is still in use")
    withExtendedLifetime(events) {}
  }

  func testAPeerHasNoMoreMemoryHereThanItMay() throws {
    let peer = try RawPeer(limits: PeerLimits(bytes: 3 * 4096, buffers: 2))
    try peer.send(.hello(name: "x"))
    for number in 1...2 as ClosedRange<UInt64> {
      let memory = try Memfd(size: 4096, seals: Memfd.shared)
      try peer.send(.offer(.sample(number: number)), [memory.descriptor.rawValue])
    }
    try peer.events()
    XCTAssertEqual(peer.victim.heldBytes, 8192)
    let third = try Memfd(size: 4096, seals: Memfd.shared)
    try peer.send(.offer(.sample(number: 3)), [third.descriptor.rawValue])
    try assertError(.quota(field: "buffers", held: 2, wanted: 1, limit: 2)) {
      try peer.events()
    }
    XCTAssertEqual(peer.victim.heldBytes, 0)

    let sparse = try Memfd(size: 1 << 40, seals: Memfd.shared)
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

  func testWhateverAPeerDemandsIsMetOrRefused() throws {
    var messages = RandomMessages(seed: 6)
    let numbers = [0, 1, 2, 3, 64, 4095, 4096, 1 << 20, 1 << 31, 1 << 32, 1 << 62, Int.max]
    let image = ImageDescriptor(width: 60, height: 8, formats: [.abgr8888, .argb8888])
    var (met, refused) = (0, 0)
    for round in 0..<2000 {
      let peers = (0..<messages.number(1...3)).map { index in
        var peer = BufferAttributes(name: "peer/\(messages.number(0...20) == 0 ? 0 : index)")
        for field in AttributeField.allCases where messages.number(0...7) == 0 {
          switch field.storage {
          case .number(let path):
            peer.constraints[keyPath: path] = numbers[messages.number(0...numbers.count - 1)]
          case .flag(let path): peer.constraints[keyPath: path] = messages.number(0...1) == 0
          case .formats(let path):
            peer.constraints[keyPath: path] =
              messages.number(0...5) == 0 ? [] : [Format(.argb8888), Format(.nv12)]
          case .heaps(let path):
            peer.constraints[keyPath: path] = [["memfd"], [], ["../memfd"]][messages.number(0...2)]
          case .caching(let path): peer.constraints[keyPath: path] = [.cached, .writeCombining]
          case .cpuUsage(let path): peer.constraints[keyPath: path] = [.read]
          case .deviceUsage(let path): peer.constraints[keyPath: path] = [.sample]
          }
        }
        return PeerComponent(peer)
      }
      do {
        let pool = try TexturePool(
          for: peers, from: [MemfdHeap()], limits: PoolLimits(budget: 1 << 20))
        let buffer = try pool.allocate(image, for: [.exportable])
        met += 1
        XCTAssertLessThanOrEqual(buffer.layout.size, 1 << 20)
        for peer in peers {
          let alignment = peer.attributes.pitchAlignment ?? 1
          XCTAssertTrue(
            buffer.layout.planes[0].pitch.isMultiple(of: alignment), "round \(round)")
        }
      } catch {
        refused += 1
      }
    }
    XCTAssertGreaterThan(met, 10)
    XCTAssertGreaterThan(refused, 1000)
  }

  /// It may do so at any time; what is read then is zero, or not.
  func testAHoleThatAPeerPunchesIsReadAsZeros() throws {
    let memory = try Memfd(size: 4096, seals: Memfd.shared)
    try memory.write([7], at: 0)
    let peer = try RawPeer()
    try peer.send(.hello(name: "x"))
    try peer.send(.offer(.sample()), [memory.descriptor.rawValue])
    guard case .received(let image)? = try peer.events().first else { return XCTFail("nothing") }
    XCTAssertEqual(try image.buffer.pixels()[0], 7)
    XCTAssertEqual(fallocate(memory.descriptor.rawValue, 1 | 2, 0, 4096), 0, "FALLOC_FL_PUNCH_HOLE")
    XCTAssertEqual(try image.buffer.pixels()[0], 0)
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

import Synchronization
import SystemPackage
import TexAlloc
import XCTest

/// Slabs as heaps outside of the package make them, and what registrars keep with them.
final class SlabTests: XCTestCase {
  private let size = 16 * pageSize

  func testAPoolCarvesMemoryThatHasNoDescriptor() throws {
    let mapped = MappedHeap()
    let pool = try TexturePool(for: [], from: [mapped])
    let buffer = try pool.allocate(ImageDescriptor(width: 20, height: 3, formats: [.r8]))
    XCTAssertNil(buffer.descriptor)
    XCTAssertNil(buffer.slab?.descriptor)
    XCTAssertEqual(buffer.caching, .writeCombining)
    XCTAssertEqual(pool.snapshot.slabs.map(\.descriptor), [nil])
    let row = (0..<20).map { UInt8($0 + 1) }
    do {
      var writer = buffer.writer()
      for y in 0..<3 { writer.write(row.span, row: y) }
    }
    try buffer.withContents { bytes in
      XCTAssertEqual((64..<84).map { bytes[$0] }, row)
    }
  }

  func testTheOwnerOfMappedMemoryIsLetGoOfWithTheSlabAndItsCompanionsBefore() throws {
    let log = Log()
    let kind = SlabCompanion<Noting>()
    do {
      let slab = try MappedHeap(notingIn: log).makeSlab(of: size)
      _ = slab.companion(kind) { Noting("companion", in: log) }
      XCTAssertEqual(log.entries, [])
    }
    XCTAssertEqual(log.entries, ["companion", "owner"])
  }

  func testMappedMemoryGivesNoPagesBack() throws {
    let pool = try TexturePool(for: [], from: [MappedHeap()])
    let kept = try pool.allocate(ImageDescriptor(width: 20, height: 3, formats: [.r8]))
    let before = pool.statistics.residentBytes
    XCTAssertEqual(pool.trim(), 0)
    XCTAssertEqual(pool.statistics.residentBytes, before)
    withExtendedLifetime(kept) {}
  }

  func testASlabThatKeepsItsPagesGivesNoneBack() throws {
    let image = ImageDescriptor(width: 20, height: 3, formats: [.r8])
    for keepsPages in [false, true] {
      let pool = try TexturePool(for: [], from: [MemfdHeap()])
      let kept = try pool.allocate(image)
      do { _ = try pool.allocate(image) }  // leaves a page that nobody uses
      if keepsPages { try XCTUnwrap(kept.slab).keepPages() }
      XCTAssertEqual(pool.trim() == 0, keepsPages)
    }
  }

  func testMappedMemoryIsWholePagesThatBeginOnALine() throws {
    let memory = UnsafeMutableRawBufferPointer.allocate(byteCount: size, alignment: pageSize)
    defer { unsafe memory.deallocate() }
    for range in [0..<0, 0..<size - 1, 32..<32 + pageSize] {
      let part = unsafe UnsafeMutableRawBufferPointer(rebasing: memory[range])
      XCTAssertThrowsError(
        unsafe try Slab(mapped: part, ownedBy: self.log, of: "own", caching: .cached)
      ) {
        XCTAssertEqual(
          $0 as? SystemFailure, SystemFailure("mapped memory", on: "own", .invalidArgument))
      }
    }
  }

  func testEachRegistrarHasACompanionOfItsOwn() throws {
    let slab = try MemfdHeap().makeSlab(of: size)
    let (first, second) = (SlabCompanion<Noting>(), SlabCompanion<Noting>())
    XCTAssertNil(slab.companion(first))
    let made = slab.companion(first) { Noting("first", in: log) }
    XCTAssertIdentical(slab.companion(first) { Noting("again", in: log) }, made)
    XCTAssertNil(slab.companion(second))
    let other = slab.companion(second) { Noting("second", in: log) }
    XCTAssertNotIdentical(other, made)
    slab.removeCompanion(first)
    XCTAssertNil(slab.companion(first))
    XCTAssertIdentical(slab.companion(second), other)
  }

  func testACompanionThatCannotBeMadeIsTriedAgain() throws {
    let slab = try MemfdHeap().makeSlab(of: size)
    let kind = SlabCompanion<Noting>()
    XCTAssertThrowsError(try slab.companion(kind) { throw Errno.noMemory })
    XCTAssertNotNil(slab.companion(kind) { Noting("", in: log) })
  }

  func testThreadsThatMakeACompanionAtATimeGetTheSameOne() throws {
    let slab = try MemfdHeap().makeSlab(of: size)
    let kind = SlabCompanion<Noting>()
    let found = Mutex<Set<ObjectIdentifier>>([])
    DispatchQueue.concurrentPerform(iterations: 64) { _ in
      let companion = slab.companion(kind) { Noting("", in: Log()) }
      found.withLock { _ = $0.insert(ObjectIdentifier(companion)) }
    }
    let kept = try XCTUnwrap(slab.companion(kind))
    XCTAssertEqual(found.withLock { $0 }, [ObjectIdentifier(kept)])
  }

  func testBuffersOfASlabKnowItAndSlabsAreToldApart() throws {
    let pool = try TexturePool(for: [], from: [MemfdHeap()])
    let image = ImageDescriptor(width: 20, height: 3, formats: [.r8])
    let (first, second) = (try pool.allocate(image), try pool.allocate(image))
    let alone = try pool.allocate(image, for: [.texture, .dedicated])
    XCTAssertEqual(first.slab?.id, second.slab?.id)
    XCTAssertNotEqual(first.slab?.id, alone.slab?.id)
    XCTAssertEqual(first.descriptor, first.slab?.descriptor)
  }

  private let log = Log()
}

/// What happened, in order.
private final class Log: Sendable {
  private let state = Mutex<[String]>([])
  var entries: [String] { state.withLock { $0 } }
  func append(_ entry: String) { state.withLock { $0.append(entry) } }
}

/// Says when it goes.
private final class Noting: Sendable {
  private let name: String
  private let log: Log

  init(_ name: String, in log: Log) {
    self.name = name
    self.log = log
  }

  deinit { log.append(name) }
}

/// A heap whose memory is mapped by somebody else, and has no descriptor.
private struct MappedHeap: Heap {
  /// Who unmaps it.
  @safe private final class Owner: @unchecked Sendable {  // the address never changes
    let bytes: UnsafeMutableRawBufferPointer
    private let log: Log

    init(_ size: Int, _ log: Log) {
      unsafe bytes = .allocate(byteCount: size, alignment: pageSize)
      unsafe bytes.initializeMemory(as: UInt8.self, repeating: 0)
      self.log = log
    }

    deinit {
      unsafe bytes.deallocate()
      log.append("owner")
    }
  }

  private let log: Log
  let attributes = BufferAttributes(name: "mapped") {
    $0.heaps = ["mapped"]
    $0.caching = [.writeCombining]
  }

  init(notingIn log: Log = Log()) { self.log = log }

  func makeSlab(of size: Int) throws(SystemFailure) -> Slab {
    let owner = Owner(try wholePages(size), log)
    return unsafe try Slab(
      mapped: owner.bytes, ownedBy: owner, of: name, caching: .writeCombining)
  }
}

import AuditSupport
import CAccesses
import Foundation
import Synchronization
import TexAlloc
import TexAllocAudit
import XCTest

final class AuditTests: XCTestCase {
  func testEveryStoreIsCountedOnce() throws {
    let pool = try TexturePool(for: [])
    let buffer = try TextureBuffer.bytes(100, 40, in: pool)
    let report = try auditing(pool) { write(40, to: buffer) }
    XCTAssertEqual(report.loads, 0)
    XCTAssertEqual(report.storedBytes, 40 * 128)
    XCTAssertEqual(report.linesTouched, 40 * 2)
    XCTAssertEqual(report.fullLineWrites, 40 * 2)
    XCTAssertEqual(report.nonTemporalShare, 1)
    XCTAssertEqual(report.offenders, [])
    XCTAssertEqual(
      try buffer.withContents { bytes in (0..<40).allSatisfy { bytes[$0 * 128 + 99] == 7 } }, true)
  }

  func testNoAccessOfFourWritingThreadsIsLost() throws {
    let pool = try TexturePool(for: [])
    let buffers = try (0..<4).map { _ in try TextureBuffer.bytes(64, 64, in: pool) }
    let report = try auditing(pool) {
      DispatchQueue.concurrentPerform(iterations: 4) { thread in
        unsafe buffers[thread].withBytes { bytes in
          for index in 0..<4096 { unsafe bytes[index] = UInt8(truncatingIfNeeded: index) }
        }
      }
    }
    XCTAssertEqual(report.stores, 4 * 4096)
    XCTAssertEqual(report.storedBytes, 4 * 4096)
    XCTAssertEqual(report.fullLineWrites, 4 * 64)
    XCTAssertEqual(report.partialLineWrites, 0)
    for buffer in buffers {
      let isRight = try buffer.withContents { bytes in
        (0..<4096).allSatisfy { bytes[$0] == UInt8(truncatingIfNeeded: $0) }
      }
      XCTAssertTrue(isRight)
    }
  }

  func testNoAccessOfFourThreadsToOneLineIsLost() throws {
    let pool = try TexturePool(for: [])
    let buffer = try TextureBuffer.bytes(64, 1, in: pool)
    let report = try auditing(pool) {
      DispatchQueue.concurrentPerform(iterations: 4) { thread in
        unsafe buffer.withBytes { bytes in
          for _ in 0..<2000 { unsafe bytes[thread] &+= 1 }
        }
      }
    }
    XCTAssertEqual(report.loads, 4 * 2000)
    XCTAssertEqual(report.stores, 4 * 2000)
    let counts = try buffer.withContents { bytes in (0..<4).map { bytes[$0] } }
    XCTAssertEqual(counts, [UInt8](repeating: UInt8(truncatingIfNeeded: 2000), count: 4))
  }

  func testSlabsThatComeLaterAreAudited() throws {
    let pool = try TexturePool(for: [], limits: PoolLimits(firstSlab: 1 << 20))
    let first = try TextureBuffer.bytes(1024, 512, in: pool)
    let report = try auditing(pool) {
      write(1, to: try TextureBuffer.bytes(100, 1, in: pool))
      let large = try TextureBuffer.bytes(4096, 512, in: pool)
      large.fill(with: 1)
    }
    XCTAssertEqual(report.linesTouched, 2 + 512 * 64)
    XCTAssertEqual(pool.statistics.slots, 1)
    withExtendedLifetime(first) {}
  }

  func testASlotThatComesBackIsNotWrittenAgain() throws {
    let pool = try TexturePool(for: [])
    let report = try auditing(pool) {
      for _ in 0..<3 { write(40, to: try TextureBuffer.bytes(100, 40, in: pool)) }
    }
    XCTAssertEqual(report.busWritesPerLine, 1)
    XCTAssertEqual(report.linesTouched, 3 * 40 * 2)
  }

  func testAuditsFollowOneAnother() throws {
    let pool = try TexturePool(for: [])
    let buffer = try TextureBuffer.bytes(100, 40, in: pool)
    for count in 1...5 {
      let report = try auditing(pool) { write(count, to: buffer) }
      XCTAssertEqual(report.linesTouched, count * 2)
      write(40, to: buffer)  // which nobody sees
    }
  }

  func testAuditsOfTwoPoolsOverlap() throws {
    let (one, other) = (try TexturePool(for: []), try TexturePool(for: []))
    let (small, large) = (
      try TextureBuffer.bytes(100, 40, in: one), try TextureBuffer.bytes(100, 40, in: other)
    )
    var inner: AuditReport?
    let outer = try auditing(one) {
      write(3, to: small)
      inner = try auditing(other) {
        write(2, to: small)
        write(7, to: large)
      }
      write(40, to: large)
      write(1, to: small)
    }
    XCTAssertEqual(outer.storedBytes, 6 * 128)
    XCTAssertEqual(inner?.storedBytes, 7 * 128)
  }

  func testAPoolIsAuditedOnceAtATime() throws {
    let pool = try TexturePool(for: [])
    let buffer = try TextureBuffer.bytes(100, 40, in: pool)
    let report = try auditing(pool) {
      XCTAssertThrowsError(try { _ = try Audit(of: pool).finish() }()) {
        XCTAssertEqual($0 as? AuditError, .alreadyAudited(heap: "memfd"))
      }
      write(40, to: buffer)
    }
    XCTAssertEqual(report.storedBytes, 40 * 128)
  }

  func testMemoryIsOrdinaryAfterAnAuditThatNobodyFinished() throws {
    try XCTSkipIf(Audit.obstacle != nil, Audit.obstacle ?? "")
    let pool = try TexturePool(for: [])
    let buffer = try TextureBuffer.bytes(100, 40, in: pool)
    do {
      let audit = try Audit(of: pool)
      write(1, to: buffer)
      _ = audit
    }
    write(40, to: buffer)
    let report = try auditing(pool) { write(2, to: buffer) }
    XCTAssertEqual(report.linesTouched, 4)
  }

  func testAPoolMayGoWhileItIsAudited() throws {
    try XCTSkipIf(Audit.obstacle != nil, Audit.obstacle ?? "")
    var pool: TexturePool? = try TexturePool(for: [])
    weak let weakPool = pool
    let audit = try Audit(of: XCTUnwrap(pool))
    write(40, to: try TextureBuffer.bytes(100, 40, in: XCTUnwrap(pool)))
    pool = nil
    XCTAssertNil(weakPool)
    let report = audit.finish()
    XCTAssertEqual(report.linesTouched, 80)
  }

  func testSlabsThatGoWhileAnAuditEndsAreCountedToTheEnd() throws {
    try XCTSkipIf(Audit.obstacle != nil, Audit.obstacle ?? "")
    let image = ImageDescriptor(width: 64, height: 1, formats: [.r8])
    for round in 0..<10 {
      let pool = try TexturePool(for: [])
      let audit = try Audit(of: pool)
      let buffers = Mutex(
        try (0..<16).map { _ in try pool.allocate(image, for: [.texture, .dedicated]) })
      _ = consume pool
      for buffer in buffers.withLock({ $0 }) { unsafe buffer.withBytes { unsafe $0[0] = 1 } }
      let isReady = DispatchSemaphore(value: 0)
      let group = DispatchGroup()
      DispatchQueue.global().async(group: group) {
        isReady.signal()
        while buffers.withLock({ $0.popLast() }) != nil {}
      }
      isReady.wait()
      let report = audit.finish()
      group.wait()
      XCTAssertEqual(report.stores, 16, "round \(round)")
      XCTAssertEqual(report.partialLineWrites, 16, "round \(round)")
    }
  }

  func testSystemCallsFailOnAuditedMemory() throws {
    let pool = try TexturePool(for: [])
    let buffer = try TextureBuffer.bytes(100, 40, in: pool)
    XCTAssertEqual(unsafe buffer.withBytes { unsafe write_by_system_call($0) }, 1)
    let report = try auditing(pool) {
      XCTAssertEqual(unsafe buffer.withBytes { unsafe write_by_system_call($0) }, -EFAULT)
    }
    XCTAssertEqual(report.stores, 0)
  }

  func testSlabsComeAndGoWhileOthersAreWritten() throws {
    let pool = try TexturePool(for: [], limits: PoolLimits(firstSlab: 1 << 20))
    let buffers = try (0..<2).map { _ in try TextureBuffer.bytes(64, 64, in: pool) }
    let image = ImageDescriptor(width: 64, height: 8, formats: [.r8])
    let report = try auditing(pool) {
      DispatchQueue.concurrentPerform(iterations: 4) { thread in
        for _ in 0..<50 {
          if thread < 2 {
            write(64, to: buffers[thread], size: 64)
          } else if let own = try? pool.allocate(image, for: [.texture, .dedicated]) {
            write(8, to: own, size: 64)
          }
          if thread == 3 { pool.trim() }
        }
      }
    }
    XCTAssertEqual(report.storedBytes, 2 * 50 * (64 + 8) * 64)
    XCTAssertEqual(report.partialLineWrites, 0)
  }

  func testThreadsThatEndMakeRoomForOthers() throws {
    let pool = try TexturePool(for: [])
    let buffer = try TextureBuffer.bytes(64, 1, in: pool)
    let report = try auditing(pool) {
      for _ in 0..<5000 {
        let thread = Thread { unsafe buffer.withBytes { unsafe $0[0] = 1 } }
        thread.start()
        while !thread.isFinished { usleep(10) }
      }
    }
    XCTAssertEqual(report.stores, 5000)
  }

  func testALargeSlabIsSampledByBands() throws {
    try XCTSkipIf(Audit.obstacle != nil, Audit.obstacle ?? "")
    let pool = try TexturePool(for: [])
    let buffer = try TextureBuffer.bytes(4096, 5000, in: pool)
    let audit = try Audit(of: pool, atMost: 4 << 20)
    buffer.fill(with: 1)
    let report = audit.finish()
    XCTAssertTrue(report.isSampled)
    XCTAssertGreaterThan(report.auditedBytes, 2 << 20)
    XCTAssertLessThanOrEqual(report.auditedBytes, 4 << 20)
    XCTAssertEqual(report.storedBytes, report.auditedBytes)
    XCTAssertEqual(report.fullLineShare, 1)
    XCTAssertTrue(try buffer.withContents { $0.count } == 4096 * 5000)
  }
}

private func write(_ rows: Int, to buffer: TextureBuffer, size: Int = 100) {
  let row = [UInt8](repeating: 7, count: size)
  var writer = buffer.writer()
  for y in 0..<rows { writer.write(row.span, row: y) }
}

extension TextureBuffer {
  func fill(with value: UInt8) {
    var writer = writer()
    writer.fill(0..<writer.rowCount, with: value)
  }
}

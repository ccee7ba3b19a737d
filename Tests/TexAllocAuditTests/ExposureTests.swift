#if arch(x86_64)
  import AuditSupport
  import CAccesses
  import CAudit
  import Foundation
  import TexAlloc
  import TexAllocAudit
  import XCTest

  /// Accesses that cannot be led to the other mapping.
  final class ExposureTests: XCTestCase {
    func testAnAccessByASegmentRegisterIsMadeAndCounted() throws {
      let pool = try TexturePool(for: [])
      let buffer = try TextureBuffer.bytes(4096, 1, in: pool)
      let report = try auditing(pool) {
        unsafe buffer.withBytes { unsafe store_by_segment($0, 7) }
        unsafe buffer.withBytes { unsafe $0[64] = 8 }
      }
      XCTAssertEqual(report.exposures, 1)
      XCTAssertEqual(report.stores, 2)
      let bytes = try buffer.withContents { bytes in [bytes[0], bytes[64]] }
      XCTAssertEqual(bytes, [7, 8])
    }

    func testAGatherFromElsewhereTooFindsTheRightWords() throws {
      guard can_gather() else { throw XCTSkip("no AVX2") }
      let pool = try TexturePool(for: [])
      let buffer = try TextureBuffer.bytes(4096, 1, in: pool)
      var isRight = false
      let report = try auditing(pool) {
        unsafe buffer.withBytes { isRight = unsafe gather_from_both($0) }
      }
      XCTAssertTrue(isRight)
      XCTAssertEqual(report.exposures, 1)
      XCTAssertEqual(report.loads, 1)
    }

    func testAScatterToElsewhereTooWritesTheRightWords() throws {
      guard can_scatter() else { throw XCTSkip("no AVX-512") }
      let pool = try TexturePool(for: [])
      let buffer = try TextureBuffer.bytes(4096, 1, in: pool)
      var isRight = false
      let report = try auditing(pool) {
        unsafe buffer.withBytes { isRight = unsafe scatter_to_both($0) }
      }
      XCTAssertTrue(isRight)
      XCTAssertEqual(report.exposures, 1)
      XCTAssertEqual(report.stores, 1)
      let words = try buffer.withContents { bytes in (0..<4).map { bytes[$0 * 8] } }
      XCTAssertEqual(words, [1, 3, 5, 7])
    }

    func testAnAccessAcrossTheEdgeIsMadeAndCountedAsFarAsItReachesIn() throws {
      if let obstacle = Audit.obstacle { throw XCTSkip("no audit: \(obstacle)") }
      var descriptor: CInt = -1
      let memory = try unsafe XCTUnwrap(map_behind_page(&descriptor))
      let audit = try unsafe XCTUnwrap(texalloc_audit_begin())
      let region = try unsafe XCTUnwrap(texalloc_audit_add(audit, memory, 4096, descriptor, 4096))
      XCTAssertTrue(unsafe store_across_edge(memory))
      unsafe texalloc_audit_remove(region)
      let counts = unsafe texalloc_audit_end(audit)
      XCTAssertEqual(counts.exposures, 1)
      XCTAssertEqual(counts.stores, 1)
      XCTAssertEqual(counts.stored_bytes, 4)
      XCTAssertEqual(counts.partial_lines, 1)
      XCTAssertEqual((0..<5).map { unsafe memory[$0] }, [1, 1, 1, 1, 0])
      unsafe texalloc_audit_free(audit)
      unsafe munmap(memory - 4096, 2 * 4096)
      close(descriptor)
    }

    func testAnAccessThatAnotherThreadInterruptsIsCountedOnce() throws {
      if let obstacle = Audit.obstacle { throw XCTSkip("no audit: \(obstacle)") }
      var descriptor: CInt = -1
      let memory = try unsafe XCTUnwrap(map_behind_page(&descriptor))
      let audit = try unsafe XCTUnwrap(texalloc_audit_begin())
      let region = try unsafe XCTUnwrap(texalloc_audit_add(audit, memory, 4096, descriptor, 4096))
      let address = UInt(bitPattern: memory)
      DispatchQueue.concurrentPerform(iterations: 4) { _ in
        let memory = unsafe UnsafeMutablePointer<UInt8>(bitPattern: address)
        for _ in 0..<2000 { _ = unsafe store_across_edge(memory) }
      }
      unsafe texalloc_audit_remove(region)
      let counts = unsafe texalloc_audit_end(audit)
      XCTAssertGreaterThan(counts.stores, 0)
      XCTAssertLessThanOrEqual(counts.stores, 4 * 2000)
      XCTAssertEqual(counts.exposures, counts.stores)
      XCTAssertEqual(counts.stored_bytes, 4 * counts.stores)
      unsafe texalloc_audit_free(audit)
      unsafe munmap(memory - 4096, 2 * 4096)
      close(descriptor)
    }
  }
#endif

#if arch(x86_64)
  import CAccesses
  import CAudit
  import Foundation
  import Synchronization
  import TexAllocAudit
  import XCTest

  /// Memory that comes to be audited, and ceases to be.
  final class RegionTests: XCTestCase {
    func testMemoryThatCannotBeProtectedIsLeftOrdinary() throws {
      if let obstacle = Audit.obstacle { throw XCTSkip("no audit: \(obstacle)") }
      var descriptor: CInt = -1
      let memory = try unsafe XCTUnwrap(map_behind_page(&descriptor))
      let audit = try unsafe XCTUnwrap(texalloc_audit_begin())
      for _ in 0..<2 {
        // Pages begin elsewhere, which nobody finds out before it is protected.
        XCTAssertNil(unsafe texalloc_audit_add(audit, memory + 1, 4096, descriptor, 4096))
        XCTAssertEqual(errno, EINVAL)
        unsafe memory[0] = 1
      }
      XCTAssertEqual(unsafe texalloc_audit_end(audit).stores, 0)
      unsafe texalloc_audit_free(audit)
      unsafe munmap(memory - 4096, 2 * 4096)
      close(descriptor)
    }

    func testTheEndWaitsForARegionThatAnotherThreadRemoves() throws {
      if let obstacle = Audit.obstacle { throw XCTSkip("no audit: \(obstacle)") }
      var descriptor: CInt = -1
      let memory = try unsafe XCTUnwrap(map_behind_page(&descriptor))
      let audit = try unsafe XCTUnwrap(texalloc_audit_begin())
      let region = try unsafe XCTUnwrap(texalloc_audit_add(audit, memory, 4096, descriptor, 4096))
      unsafe memory[0] = 1
      let address = UInt(bitPattern: region)
      let isRemoved = Atomic(false)
      DispatchQueue.global().async {
        usleep(20_000)
        isRemoved.store(true, ordering: .releasing)
        unsafe texalloc_audit_remove(OpaquePointer(bitPattern: address))
      }
      let counts = unsafe texalloc_audit_end(audit)
      XCTAssertTrue(isRemoved.load(ordering: .acquiring))
      XCTAssertEqual(counts.partial_lines, 1)
      unsafe texalloc_audit_free(audit)
      unsafe munmap(memory - 4096, 2 * 4096)
      close(descriptor)
    }
  }
#endif

import AuditSupport
import CAccesses
import TexAlloc
import TexAllocAudit
import XCTest

/// The program's own handlers, and what audits do with them.
final class HandlerTests: XCTestCase {
  func testFaultsOfOthersReachTheHandlerThatWasThere() throws {
    take_faults()
    defer { give_faults_back() }
    let pool = try TexturePool(for: [])
    let buffer = try TextureBuffer.bytes(256, 4, in: pool)
    let report = try auditing(pool) {
      unsafe buffer.withBytes { unsafe $0[0] = 1 }
      cause_fault()
      unsafe buffer.withBytes { unsafe $0[1] = 1 }
    }
    XCTAssertEqual(faults_taken(), 1)
    XCTAssertEqual(report.stores, 2)
    XCTAssertTrue(has_faults(), "the handler is back")
    cause_fault()
    XCTAssertEqual(faults_taken(), 2)
  }

  func testAHandlerThatIsSetDuringAnAuditPassesOnWhatIsNotItsOwn() throws {
    let pool = try TexturePool(for: [])
    let buffer = try TextureBuffer.bytes(256, 4, in: pool)
    for _ in 0..<2 {
      let report = try auditing(pool) {
        take_faults()
        cause_fault()
        unsafe buffer.withBytes { unsafe $0[0] = 1 }
        give_faults_back()
      }
      XCTAssertEqual(faults_taken(), 1)
      XCTAssertEqual(report.stores, 1)
    }
  }

  func testAHandlerThatStaysAfterAnAuditDoesNotLoop() throws {
    let pool = try TexturePool(for: [])
    let buffer = try TextureBuffer.bytes(256, 4, in: pool)
    _ = try auditing(pool) { take_faults() }
    XCTAssertTrue(has_faults(), "what was set since is left alone")
    let report = try auditing(pool) {
      unsafe buffer.withBytes { unsafe $0[0] = 1 }
      cause_fault()
    }
    XCTAssertEqual(faults_taken(), 1)
    XCTAssertEqual(report.stores, 1)
    give_faults_back()
    XCTAssertEqual(try auditing(pool) { unsafe buffer.withBytes { unsafe $0[0] = 1 } }.stores, 1)
  }
}

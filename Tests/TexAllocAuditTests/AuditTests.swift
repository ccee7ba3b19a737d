import AuditSupport
import Dispatch
import TexAlloc
import TexAllocAudit
import XCTest

final class AuditTests: XCTestCase {
  func testRowsAreWriteCombiningFriendly() throws {
    let pool = try TexturePool(for: [])
    let image = ImageDescriptor(width: 101, height: 40, formats: [.abgr8888])
    let buffer = try pool.allocate(image)
    let row = [UInt8](repeating: 7, count: 404)
    let report = try XCTAssertWriteCombiningFriendly(pool) {
      var writer = buffer.writer()
      for y in 0..<40 { writer.write(row.span, row: y) }
    }
    XCTAssertEqual(report.linesTouched, 40 * 7)
    XCTAssertEqual(report.storedBytes, 40 * 7 * 64)
    XCTAssertEqual(report.nonTemporalShare, 1)
    XCTAssertEqual(report.offenders, [])
  }

  func testNoAccessOfFourThreadsIsLost() throws {
    let pool = try TexturePool(for: [])
    let image = ImageDescriptor(width: 1024, height: 64, formats: [.r8])
    let buffers = try (0..<4).map { _ in try pool.allocate(image) }
    let report = try auditing(pool) {
      DispatchQueue.concurrentPerform(iterations: 4) { thread in
        unsafe buffers[thread].change { bytes in
          for index in 0..<(16 << 10) { unsafe bytes[index] &+= 1 }
        }
      }
    }
    print(report)
    XCTAssertEqual(report.loads, 4 * 16 << 10)
    XCTAssertEqual(report.stores, 4 * 16 << 10)
    XCTAssertEqual(report.exposures, 0)
  }
}

extension TextureBuffer {
  func change(_ body: (UnsafeMutablePointer<UInt8>) -> Void) {
    var writer = writer()
    let pitch = writer.pitch
    _ = unsafe writer.decodeRows(from: 0) { start, rows in
      unsafe body(start.bindMemory(to: UInt8.self, capacity: pitch * rows))
      return rows
    }
  }
}

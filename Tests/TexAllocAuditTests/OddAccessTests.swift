#if arch(x86_64)
  import AuditSupport
  import CAccesses
  import TexAlloc
  import TexAllocAudit
  import XCTest

  final class OddAccessTests: XCTestCase {
    func testOddInstructionsDoWhatTheyAlwaysDoAndAreCounted() throws {
      let pool = try TexturePool(for: [])
      var index = 0
      while let access = unsafe odd_access_at(index)?.pointee {
        index += 1
        if let isPossible = unsafe access.is_possible, !isPossible() { continue }
        let name = unsafe String(cString: access.name)
        let buffer = try TextureBuffer.bytes(4096, 1, in: pool)
        do {
          var writer = buffer.writer()
          writer.fill(0..<1, with: 0)
        }
        var isRight = false
        let report = try auditing(pool) {
          unsafe buffer.withBytes { isRight = unsafe access.make($0) }
        }
        XCTAssertTrue(isRight, name)
        XCTAssertEqual(report.loads, unsafe Int(access.loads), name)
        XCTAssertEqual(report.loadedBytes, unsafe Int(access.loaded_bytes), name)
        XCTAssertEqual(report.stores, unsafe Int(access.stores), name)
        XCTAssertEqual(report.storedBytes, unsafe Int(access.stored_bytes), name)
        XCTAssertEqual(report.exposures, 0, name)
      }
      XCTAssertGreaterThan(index, 15)
    }
  }
#endif

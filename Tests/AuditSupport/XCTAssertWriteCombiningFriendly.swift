package import TexAlloc
package import TexAllocAudit
internal import XCTest

/// Expects that a body writes to memory of the pool, all of it in whole lines and each line once, and
/// that it reads nothing. Skips the test where nothing can be audited.
///
/// - Returns: What it did.
@discardableResult
package func XCTAssertWriteCombiningFriendly(
  _ pool: TexturePool, _ message: @autoclosure () -> String = "", file: StaticString = #filePath,
  line: UInt = #line, _ body: () throws -> Void
) throws -> AuditReport {
  let report = try auditing(pool, body)
  XCTAssertTrue(report.stores > 0, "nothing was written. \(message())", file: file, line: line)
  XCTAssertTrue(
    report.isWriteCombiningFriendly, "\(report)\n\(message())", file: file, line: line)
  return report
}

/// What a body does to memory of the pool. Skips the test where nothing can be audited.
package func auditing(_ pool: TexturePool, _ body: () throws -> Void) throws -> AuditReport {
  if let obstacle = Audit.obstacle { throw XCTSkip("no audit: \(obstacle)") }
  let audit = try Audit(of: pool)
  try body()
  return audit.finish()
}

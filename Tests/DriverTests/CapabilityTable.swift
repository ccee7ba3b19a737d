import XCTest

/// The lines from which the guest's run makes its table.
enum CapabilityTable {
  /// - Parameter verdict: What it says where the driver can, for which NO stands where it cannot.
  static func print(
    _ driver: String, _ capability: String, _ holds: Bool, verdict: String = "yes"
  ) {
    Swift.print("capability | \(driver) | \(capability) | \(holds ? verdict : "NO")")
  }

  /// Runs checks of a test: the driver can where none of them fails.
  static func check(
    _ driver: String, _ capability: String, verdict: String = "yes", in test: XCTestCase,
    _ checks: () throws -> Void
  ) throws {
    let before = test.testRun?.totalFailureCount
    try checks()
    print(driver, capability, test.testRun?.totalFailureCount == before, verdict: verdict)
  }
}

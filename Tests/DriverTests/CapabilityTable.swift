/// The lines from which the guest's run makes its table.
enum CapabilityTable {
  /// - Parameter verdict: What it says where the driver can, for which NO stands where it cannot.
  static func print(
    _ driver: String, _ capability: String, _ holds: Bool, verdict: String = "yes"
  ) {
    Swift.print("capability | \(driver) | \(capability) | \(holds ? verdict : "NO")")
  }
}

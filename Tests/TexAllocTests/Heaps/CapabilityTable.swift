/// The lines from which the guest's run makes its table.
enum CapabilityTable {
  static func print(_ driver: String, _ capability: String, _ holds: Bool) {
    Swift.print("capability | \(driver) | \(capability) | \(holds ? "yes" : "NO")")
  }
}

internal import Foundation
package import TexAllocEGL

/// The GPU that tests draw with: the software device, or on a board the one that the variable
/// `TEXALLOC_TEST_DEVICE` names as the option `--device` of programs would.
package enum TestedDevice {
  package static let name = demanded ?? "software"
  /// Whether it must be there; else what it is wanted for is skipped.
  package static var isDemanded: Bool { demanded != nil }

  private static let demanded = ProcessInfo.processInfo.environment["TEXALLOC_TEST_DEVICE"]
}

extension DeviceChoice {
  package static var tested: DeviceChoice { DeviceChoice(TestedDevice.name) }
}

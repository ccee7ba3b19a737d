import Foundation
import XCTest

/// A driver at its device, from which the kernel takes it and to which it gives it back: what pulling
/// the device out and putting it in again does. In the guest only.
struct DriverBinding {
  private let folder: URL
  private let device: String

  /// - Parameters:
  ///   - driver: As it calls itself, `cirrus`.
  ///   - bus: `pci`, `virtio`.
  init(of driver: String, on bus: String) throws {
    _ = try Monitor()
    folder = URL(filePath: "/sys/bus/\(bus)/drivers/\(driver)")
    let names = try FileManager.default.contentsOfDirectory(atPath: folder.path)
    device = try XCTUnwrap(
      names.first { $0.contains(where: \.isNumber) }, "\(driver) has no device")
  }

  func unbind() throws { try write(to: "unbind") }
  func bind() throws { try write(to: "bind") }

  private func write(to file: String) throws {
    try Data(device.utf8).write(to: folder.appending(path: file))
  }
}

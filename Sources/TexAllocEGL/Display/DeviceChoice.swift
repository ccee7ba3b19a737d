/// Which of the machine's EGL devices to draw with.
public enum DeviceChoice: Hashable, Sendable {
  /// The first device with a driver of its own, or else the software device.
  case automatic
  /// Mesa's software device, by its extension `EGL_MESA_device_software`.
  case software
  /// The device with this driver (`iris`, `panfrost`, `virtio_gpu`) or this DRM node.
  case named(String)

  /// `automatic`, `software`, or the name of a driver or node: what people type.
  public init(_ description: String) {
    switch description {
    case "automatic": self = .automatic
    case "software": self = .software
    default: self = .named(description)
    }
  }
}

/// A device that is chosen if a context can be made on it.
struct DeviceCandidate: Sendable {
  /// Its DRM node, if it has one; for reports.
  let name: String
  let connect: @Sendable () throws(EGLFailure) -> EGLConnection
}

extension DeviceChoice {
  /// The devices that it may be, by what they say of themselves, the first choice first. Plain
  /// surfaceless EGL would take any DRM node, even of a driver that only has dumb buffers, and then fail
  /// to import or crash.
  ///
  /// - Throws: `EGLFailure`, unsupported where there is none.
  func candidates() throws(EGLFailure) -> [DeviceCandidate] {
    let devices = try EGLDeviceEntry.all()
    let software = devices.filter(\.isSoftware)
    switch self {
    case .software:
      guard !software.isEmpty else {
        throw .unsupported("EGL_MESA_device_software", "no device has it")
      }
      return software.map { $0.candidate(because: "it was asked for") }
    case .named(let name):
      let owners = devices.filter { $0.nodes.contains(name) }
      guard owners.isEmpty else {
        return owners.map { $0.candidate(because: "it has the node \(name)") }
      }
      return devices.map { $0.candidate(because: "it was asked for by name", drivenBy: name) }
    case .automatic:
      return devices.filter { !$0.isSoftware }.map { $0.gpu }
        + software.map { $0.candidate(because: "no device has a driver of its own") }
    }
  }
}

extension EGLDeviceEntry {
  fileprivate var name: String {
    nodes.first ?? (isSoftware ? "the software device" : "a device without a node")
  }

  fileprivate func candidate(because reason: String) -> DeviceCandidate {
    DeviceCandidate(name: name) { () throws(EGLFailure) in try connect(because: reason) }
  }

  fileprivate func candidate(because reason: String, drivenBy driver: String) -> DeviceCandidate {
    DeviceCandidate(name: name) { () throws(EGLFailure) in
      let connection = try connect(because: reason)
      guard connection.driver == driver else {
        throw .unsupported(
          "eglGetDisplayDriverName", "its driver is \(connection.driver), not \(driver)")
      }
      return connection
    }
  }

  /// What is no software device is a GPU, with or without a node, unless Mesa draws for it.
  fileprivate var gpu: DeviceCandidate {
    DeviceCandidate(name: name) { () throws(EGLFailure) in
      let connection = try connect(because: "it has a driver of its own")
      guard !connection.driver.hasSuffix("swrast") else {
        throw .unsupported("eglGetDisplayDriverName", "\(connection.driver) draws on the CPU")
      }
      return connection
    }
  }
}

internal import CEGL

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

extension EGLConnection {
  /// Opens a device by what it says of itself. Plain surfaceless EGL would take any DRM node, even of
  /// a driver that only has dumb buffers, and then fail to import or crash.
  static func open(_ choice: DeviceChoice) throws(EGLFailure) -> EGLConnection {
    let devices = try EGLDeviceEntry.all()
    switch choice {
    case .software:
      guard let software = devices.first(where: \.isSoftware) else {
        throw .unsupported("EGL_MESA_device_software", "no device has it")
      }
      return try software.connect(because: "it was asked for")
    case .named(let name):
      for device in devices where device.nodes.contains(name) {
        return try device.connect(because: "it has the node \(name)")
      }
      for device in devices {
        if let connection = try? device.connect(because: "it was asked for by name"),
          connection.driver == name
        {
          return connection
        }
      }
      throw .unsupported("eglQueryDevicesEXT", "no device has the driver or the node \(name)")
    case .automatic:
      for device in devices where !device.isSoftware {
        if let connection = try? device.connect(because: "it has a driver of its own"),
          !connection.driver.hasSuffix("swrast")
        {
          return connection
        }
      }
      guard let software = devices.first(where: \.isSoftware) else {
        throw .unsupported("EGL_MESA_device_software", "no device has it, and none has a driver")
      }
      return try software.connect(because: "no device has a driver of its own")
    }
  }
}

/// A device as EGL lists it, before it is opened.
@safe private struct EGLDeviceEntry {
  private let device: EGLDeviceEXT
  let isSoftware: Bool
  /// Its DRM nodes; none for the software device.
  let nodes: [String]

  static func all() throws(EGLFailure) -> [EGLDeviceEntry] {
    typealias QueryDevices =
      @convention(c) (
        EGLint, UnsafeMutablePointer<EGLDeviceEXT?>?, UnsafeMutablePointer<EGLint>?
      ) -> EGLBoolean
    typealias QueryString = @convention(c) (EGLDeviceEXT?, EGLint) -> UnsafePointer<CChar>?

    let client = EGLConnection.clientExtensions()
    guard client.contains("EGL_EXT_platform_device") else {
      throw .unsupported("EGL_EXT_platform_device", "EGL's client extensions lack it")
    }
    guard client.contains("EGL_EXT_device_base") || client.contains("EGL_EXT_device_enumeration")
    else { throw .unsupported("EGL_EXT_device_enumeration", "EGL's client extensions lack it") }
    guard let queryDevices = unsafe eglFunction("eglQueryDevicesEXT", as: QueryDevices.self),
      let queryString = unsafe eglFunction("eglQueryDeviceStringEXT", as: QueryString.self)
    else { throw .failed("eglGetProcAddress", "no eglQueryDevicesEXT") }

    var handles = unsafe [EGLDeviceEXT?](repeating: nil, count: 64)
    var count: EGLint = 0
    guard unsafe queryDevices(EGLint(handles.count), &handles, &count) == EGLBoolean(EGL_TRUE)
    else { throw .last("eglQueryDevicesEXT") }
    return unsafe handles.prefix(Int(count)).compactMap { handle in
      guard let handle = unsafe handle else { return nil }
      let extensions = unsafe eglWords(queryString(handle, EGL_EXTENSIONS))
      let nodes = [EGL_DRM_DEVICE_FILE_EXT, EGL_DRM_RENDER_NODE_FILE_EXT].compactMap {
        unsafe queryString(handle, $0).map { unsafe String(cString: $0) }
      }
      return unsafe EGLDeviceEntry(
        device: handle, isSoftware: extensions.contains("EGL_MESA_device_software"), nodes: nodes)
    }
  }

  func connect(because reason: String) throws(EGLFailure) -> EGLConnection {
    guard
      let display = unsafe eglGetPlatformDisplay(EGLenum(EGL_PLATFORM_DEVICE_EXT), device, nil)
    else { throw .last("eglGetPlatformDisplay") }
    return try unsafe EGLConnection(display: display, isSoftware: isSoftware, reason: reason)
  }
}

internal import CEGL

/// A device as EGL lists it.
@safe struct EGLDeviceEntry: @unchecked Sendable {  // devices live as long as the process
  private let device: EGLDeviceEXT
  /// Whether it is the CPU.
  let isSoftware: Bool
  /// Its DRM nodes: none where there are none, or where EGL does not know them, as of a GPU in a
  /// container.
  let nodes: [String]

  /// - Throws: The extension that is missing.
  static func all() throws(EGLFailure) -> [EGLDeviceEntry] {
    typealias QueryDevices =
      @convention(c) (
        EGLint, UnsafeMutablePointer<EGLDeviceEXT?>?, UnsafeMutablePointer<EGLint>?
      ) -> EGLBoolean

    let client = EGLConnection.clientExtensions()
    guard client.contains("EGL_EXT_platform_device") else {
      throw .unsupported("EGL_EXT_platform_device", "EGL's client extensions lack it")
    }
    guard client.contains("EGL_EXT_device_base") || client.contains("EGL_EXT_device_enumeration")
    else { throw .unsupported("EGL_EXT_device_enumeration", "EGL's client extensions lack it") }
    guard let queryDevices = unsafe eglFunction("eglQueryDevicesEXT", as: QueryDevices.self)
    else { throw .failed("eglGetProcAddress", "no eglQueryDevicesEXT") }
    var handles = unsafe [EGLDeviceEXT?](repeating: nil, count: 64)
    var count: EGLint = 0
    guard unsafe queryDevices(EGLint(handles.count), &handles, &count) == EGLBoolean(EGL_TRUE)
    else { throw .last("eglQueryDevicesEXT") }
    return unsafe handles.prefix(Int(count)).compactMap { handle in
      unsafe handle.flatMap { unsafe EGLDeviceEntry($0) }
    }
  }

  /// The one behind a display; nil where EGL does not tell.
  @unsafe init?(of display: EGLDisplay) {
    typealias QueryDisplay =
      @convention(c) (EGLDisplay?, EGLint, UnsafeMutablePointer<EGLAttribKHR>?) -> EGLBoolean
    let client = EGLConnection.clientExtensions()
    var value: EGLAttribKHR = 0
    guard client.contains("EGL_EXT_device_base") || client.contains("EGL_EXT_device_query"),
      let query = unsafe eglFunction("eglQueryDisplayAttribEXT", as: QueryDisplay.self),
      unsafe query(display, EGL_DEVICE_EXT, &value) == EGLBoolean(EGL_TRUE),
      let device = unsafe EGLDeviceEXT(bitPattern: value)
    else { return nil }
    unsafe self.init(device)
  }

  @unsafe private init?(_ device: EGLDeviceEXT) {
    typealias QueryString = @convention(c) (EGLDeviceEXT?, EGLint) -> UnsafePointer<CChar>?
    guard let queryString = unsafe eglFunction("eglQueryDeviceStringEXT", as: QueryString.self)
    else { return nil }
    let extensions = unsafe eglWords(queryString(device, EGL_EXTENSIONS))
    unsafe self.device = device
    isSoftware = extensions.contains("EGL_MESA_device_software")
    // What is advertised may be null all the same.
    nodes = [
      ("EGL_EXT_device_drm", EGL_DRM_DEVICE_FILE_EXT),
      ("EGL_EXT_device_drm_render_node", EGL_DRM_RENDER_NODE_FILE_EXT),
    ].compactMap { name, key in
      guard extensions.contains(Substring(name)) else { return nil }
      return unsafe queryString(device, key).map { unsafe String(cString: $0) }
    }
  }

  func connect(because reason: String) throws(EGLFailure) -> EGLConnection {
    guard
      let display = unsafe eglGetPlatformDisplay(EGLenum(EGL_PLATFORM_DEVICE_EXT), device, nil)
    else { throw .last("eglGetPlatformDisplay") }
    return try unsafe EGLConnection(display: display, isSoftware: isSoftware, reason: reason)
  }
}

internal import CEGL

/// An initialised display with what it can do. Displays are shared by everyone in the process who
/// asks for the same device, so nobody terminates one.
@safe struct EGLConnection: @unchecked Sendable {  // handles and strings never change
  let display: EGLDisplay
  /// How the display was chosen, for people.
  let reason: String
  let isSoftware: Bool
  /// The DRM nodes of its device, as far as EGL knows them.
  let nodes: [String]
  /// The name of Mesa's driver, or what `EGL_VENDOR` says.
  let driver: String
  let clientExtensions: Set<Substring>
  let extensions: Set<Substring>

  init(
    display: EGLDisplay, isSoftware: Bool, reason: String
  ) throws(EGLFailure) {
    var (major, minor): (EGLint, EGLint) = (0, 0)
    guard unsafe eglInitialize(display, &major, &minor) == EGLBoolean(EGL_TRUE) else {
      throw .last("eglInitialize")
    }
    unsafe self.display = display
    self.isSoftware = isSoftware
    self.reason = reason
    clientExtensions = Self.clientExtensions()
    extensions = unsafe eglWords(eglQueryString(display, EGL_EXTENSIONS))
    driver = unsafe Self.driverName(of: display, extensions)
    nodes = unsafe EGLDeviceEntry(of: display)?.nodes ?? []
    // Of older ones, eglGetProcAddress need not know what is no extension.
    let all = ["EGL_KHR_get_all_proc_addresses", "EGL_KHR_client_get_all_proc_addresses"]
    guard
      (major, minor) >= (1, 5)
        || !extensions.union(clientExtensions).isDisjoint(with: all.map { $0[...] })
    else { throw .unsupported(all[0], "EGL \(major).\(minor) of \(driver) lacks it") }
  }

  static func clientExtensions() -> Set<Substring> {
    unsafe eglWords(eglQueryString(nil, EGL_EXTENSIONS))
  }

  private static func driverName(
    of display: EGLDisplay, _ extensions: Set<Substring>
  ) -> String {
    typealias DriverName = @convention(c) (EGLDisplay?) -> UnsafePointer<CChar>?
    if extensions.contains("EGL_MESA_query_driver"),
      let query = unsafe eglFunction("eglGetDisplayDriverName", as: DriverName.self),
      let name = unsafe query(display)
    {
      return unsafe String(cString: name)
    }
    return unsafe eglQueryString(display, EGL_VENDOR).map { unsafe String(cString: $0) } ?? "?"
  }
}

/// The words of an extension string.
@unsafe func eglWords(_ text: UnsafePointer<CChar>?) -> Set<Substring> {
  guard let text = unsafe text else { return [] }
  return Set(unsafe String(cString: text).split(separator: " "))
}

/// An entry point of an extension that the caller has found in the extension string: the extension
/// fixes the prototype of the name.
@unsafe func eglFunction<Function>(_ name: String, as: Function.Type) -> Function? {
  guard let address = unsafe eglGetProcAddress(name) else { return nil }
  return unsafe unsafeBitCast(address, to: Function.self)
}

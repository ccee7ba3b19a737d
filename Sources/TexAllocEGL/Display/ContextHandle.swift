internal import CEGL
internal import Glibc

/// A context by its handle, together with the surfaces that it draws to, if any.
@safe struct ContextHandle: @unchecked Sendable {  // a handle never changes
  private let display: EGLDisplay?
  private let context: EGLContext?
  private let draw, read: EGLSurface?

  /// A new context without a surface.
  ///
  /// - Parameters:
  ///   - traits: What it is; those of the one that it shares with, if it does.
  ///   - shared: The context whose textures and buffers it shares, if any.
  static func make(
    on connection: EGLConnection, _ traits: ContextTraits = .own,
    sharing shared: ContextHandle? = nil
  ) throws(EGLFailure) -> ContextHandle {
    for needed in ["EGL_KHR_no_config_context", "EGL_KHR_surfaceless_context"]
    where !connection.extensions.contains(Substring(needed)) {
      throw .unsupported(needed, "the display of \(connection.driver) lacks it")
    }
    // Which API a thread makes contexts of is the toolkit's to say.
    let before = eglQueryAPI()
    defer { _ = eglBindAPI(before) }
    let api = traits.version.api == .openGL ? EGL_OPENGL_API : EGL_OPENGL_ES_API
    _ = eglBindAPI(EGLenum(api))
    let context = unsafe eglCreateContext(
      connection.display, nil, shared?.context, traits.attributes)
    guard unsafe context != nil else { throw .last("eglCreateContext") }
    return unsafe ContextHandle(
      display: connection.display, context: context, draw: nil, read: nil)
  }

  /// What is current on this thread; nil where nothing is.
  static var current: ContextHandle? {
    guard let context = unsafe eglGetCurrentContext() else { return nil }
    return unsafe ContextHandle(
      display: eglGetCurrentDisplay(), context: context,
      draw: eglGetCurrentSurface(EGL_DRAW), read: eglGetCurrentSurface(EGL_READ))
  }

  /// Whether it is the context that is current on this thread.
  var isCurrent: Bool { unsafe context == eglGetCurrentContext() }

  func isSame(as other: ContextHandle) -> Bool { unsafe context == other.context }

  /// Runs the body with the context current on this thread, without surfaces unless it was current already.
  /// What was current before is so again then.
  func whileCurrent<Result>(
    _ body: () throws(EGLFailure) -> Result
  ) throws(EGLFailure) -> Result {
    if isCurrent { return try body() }
    let before = Self.current
    try unsafe ContextHandle(display: display, context: context, draw: nil, read: nil)
      .makeCurrent()
    defer {
      if let before {
        try? before.makeCurrent()
      } else {
        _ = unsafe eglMakeCurrent(display, nil, nil, nil)
      }
    }
    return try body()
  }

  func makeCurrent() throws(EGLFailure) {
    guard unsafe eglMakeCurrent(display, draw, read, context) == EGLBoolean(EGL_TRUE) else {
      throw .last("eglMakeCurrent")
    }
  }

  /// Leaves no context current on this thread.
  static func clearCurrent(on connection: EGLConnection) {
    _ = unsafe eglMakeCurrent(connection.display, nil, nil, nil)
  }

  func destroy() {
    _ = unsafe eglDestroyContext(display, context)
  }
}

/// Whether a context of GLX is current on this thread, of which EGL knows nothing. Asks the GLX that the
/// process has loaded, if any.
func isGLXCurrent() -> Bool {
  typealias GetCurrentContext = @convention(c) () -> OpaquePointer?
  return ["libGLX.so.0", "libGL.so.1"].contains { name in
    guard let library = unsafe dlopen(name, RTLD_LAZY | RTLD_NOLOAD) else { return false }
    defer { _ = unsafe dlclose(library) }
    guard let address = unsafe dlsym(library, "glXGetCurrentContext") else { return false }
    // GLX fixes the prototype of the name.
    return unsafe unsafeBitCast(address, to: GetCurrentContext.self)() != nil
  }
}

internal import CEGL

/// A context by its handle, together with the surfaces that it draws to, if any.
@safe struct ContextHandle: @unchecked Sendable {  // a handle never changes
  private let display: EGLDisplay?
  private let context: EGLContext?
  private let draw, read: EGLSurface?

  /// A new context of OpenGL ES 3 without a surface.
  static func make(on connection: EGLConnection) throws(EGLFailure) -> ContextHandle {
    for needed in ["EGL_KHR_no_config_context", "EGL_KHR_surfaceless_context"]
    where !connection.extensions.contains(Substring(needed)) {
      throw .unsupported(needed, "the display of \(connection.driver) lacks it")
    }
    // Which API a thread makes contexts of is the toolkit's to say.
    let before = eglQueryAPI()
    defer { _ = eglBindAPI(before) }
    _ = eglBindAPI(EGLenum(EGL_OPENGL_ES_API))
    let attributes: [EGLint] = [
      EGL_CONTEXT_MAJOR_VERSION, 3, EGL_CONTEXT_MINOR_VERSION, 0, EGL_NONE,
    ]
    let context = unsafe eglCreateContext(connection.display, nil, nil, attributes)
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

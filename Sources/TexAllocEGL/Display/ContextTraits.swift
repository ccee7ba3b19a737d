internal import CEGL

/// The two APIs of OpenGL that EGL makes contexts of. One does not share with the other.
public enum GraphicsAPI: String, Hashable, Sendable {
  case openGLES = "OpenGL ES"
  case openGL = "OpenGL"
}

/// What a context is, and what another must be, too, to share with it: EGL refuses those that differ
/// in how they take a reset or an error, and other APIs.
struct ContextTraits: Hashable, Sendable {
  let version: GLVersion
  /// Of OpenGL: `EGL_CONTEXT_OPENGL_PROFILE_MASK`; 0 of OpenGL ES.
  let profile: EGLint
  /// Whether it tells of a reset of the GPU, and is lost with it.
  let isLostOnReset: Bool
  /// Whether accesses beyond the end of buffers are caught.
  let isRobust: Bool
  /// Whether it leaves errors unchecked.
  let hasNoErrors: Bool

  /// What is made where there is no context to share with.
  static let own = ContextTraits(
    version: .leastES, profile: 0, isLostOnReset: false, isRobust: false, hasNoErrors: false)

  /// Those that `eglCreateContext` takes.
  var attributes: [EGLint] {
    var attributes = [
      EGL_CONTEXT_MAJOR_VERSION, EGLint(version.major),
      EGL_CONTEXT_MINOR_VERSION, EGLint(version.minor),
    ]
    if version.api == .openGL { attributes += [EGL_CONTEXT_OPENGL_PROFILE_MASK, profile] }
    if isLostOnReset {
      attributes += [
        EGL_CONTEXT_OPENGL_RESET_NOTIFICATION_STRATEGY, EGL_LOSE_CONTEXT_ON_RESET,
      ]
    }
    if isRobust { attributes += [EGL_CONTEXT_OPENGL_ROBUST_ACCESS, EGL_TRUE] }
    if hasNoErrors { attributes += [EGL_CONTEXT_OPENGL_NO_ERROR_KHR, EGL_TRUE] }
    return attributes + [EGL_NONE]
  }
}

extension ContextTraits {
  /// Of the context that is current on this thread.
  ///
  /// - Throws: `EGLFailure`, unsupported where it is of another API, or too old.
  static func current() throws(EGLFailure) -> ContextTraits {
    let words = glString(GL_VERSION)
    guard let version = GLVersion(words) else {
      throw .unsupported("OpenGL", "the context is of \"\(words)\"")
    }
    try version.require()
    let extensions = glExtensions()
    if version.api == .openGL, version < GLVersion(.openGL, 4, 2),
      !extensions.contains("GL_ARB_texture_storage")
    {
      throw .unsupported("GL_ARB_texture_storage", "the context of \(version) lacks it")
    }
    let isES = version.api == .openGLES
    let tellsFlags = version >= (isES ? GLVersion(.openGLES, 3, 2) : .leastDesktop)
    let flags = tellsFlags ? glInteger(GL_CONTEXT_FLAGS) : 0
    let robustness = [
      "GL_KHR_robustness", isES ? "GL_EXT_robustness" : "GL_ARB_robustness",
    ]
    let tellsStrategy = !extensions.isDisjoint(with: robustness)
    return ContextTraits(
      version: version,
      profile: isES ? 0 : glInteger(GL_CONTEXT_PROFILE_MASK),
      isLostOnReset: tellsStrategy
        && glInteger(GL_RESET_NOTIFICATION_STRATEGY) == GL_LOSE_CONTEXT_ON_RESET,
      isRobust: flags & GL_CONTEXT_FLAG_ROBUST_ACCESS_BIT != 0,
      hasNoErrors: flags & GL_CONTEXT_FLAG_NO_ERROR_BIT != 0)
  }
}

/// A version of one of the APIs; only those of one API compare.
struct GLVersion: Hashable, Comparable, Sendable {
  let api: GraphicsAPI
  let major, minor: Int

  static let leastES = GLVersion(.openGLES, 3, 0)
  static let leastDesktop = GLVersion(.openGL, 3, 3)

  init(_ api: GraphicsAPI, _ major: Int, _ minor: Int) {
    self.api = api
    self.major = major
    self.minor = minor
  }

  /// - Parameter words: What `GL_VERSION` says: `OpenGL ES 3.2 Mesa 25.0.7`, `4.5 (Core Profile)`.
  init?(_ words: String) {
    let prefix = "OpenGL ES "
    let isES = words.hasPrefix(prefix)
    let numbers = words.dropFirst(isES ? prefix.count : 0).split(separator: " ").first
    guard let parts = numbers?.split(separator: "."), parts.count >= 2,
      let major = Int(parts[0]), let minor = Int(parts[1])
    else { return nil }
    self.init(isES ? .openGLES : .openGL, major, minor)
  }

  /// - Throws: `EGLFailure`, unsupported where it is older than what this library calls.
  func require() throws(EGLFailure) {
    let least = api == .openGLES ? Self.leastES : Self.leastDesktop
    guard self >= least else { throw .unsupported("\(least)", "the context is of \(self)") }
  }

  static func < (left: Self, right: Self) -> Bool {
    left.api == right.api && (left.major, left.minor) < (right.major, right.minor)
  }
}

extension GLVersion: CustomStringConvertible {
  var description: String { "\(api.rawValue) \(major).\(minor)" }
}

internal import CEGL

/// A call of EGL or OpenGL that did not succeed, or was not made.
public struct EGLFailure: Error, Hashable, Sendable {
  /// What a caller can tell apart, and act on.
  public enum Cause: Hashable, Sendable {
    /// The machine lacks what was asked for.
    case unsupported
    /// The machine has it, and did not give it.
    case failed
    /// The device's context is not current on this thread.
    case wrongThread
    /// The device's context is lost.
    case lost
    /// The device was closed.
    case closed
    /// The context shares nothing with the device's.
    case notShared
    /// Further contexts have joined; they leave first.
    case joined
  }

  public let cause: Cause
  /// The function or the extension: `eglInitialize`, `EGL_EXT_platform_device`.
  public let operation: String
  /// What it answered, or what was asked of it.
  public let reason: String

  static func unsupported(_ operation: String, _ reason: String) -> EGLFailure {
    EGLFailure(cause: .unsupported, operation: operation, reason: reason)
  }

  package static func failed(_ operation: String, _ reason: String) -> EGLFailure {
    EGLFailure(cause: .failed, operation: operation, reason: reason)
  }

  /// A call that left its reason in `eglGetError`.
  static func last(_ operation: String) -> EGLFailure {
    failed(operation, eglErrorName(eglGetError()))
  }
}

extension EGLFailure: CustomStringConvertible {
  public var description: String {
    "\(operation): \(isUnsupported ? "not supported: " : "")\(reason)"
  }

  /// Whether the machine lacks what was asked for, rather than that it failed to give it.
  public var isUnsupported: Bool { cause == .unsupported }
}

/// `GL_CONTEXT_LOST`, which a context that was lost answers everything with: `GL_KHR_robustness`.
let lostContextError: UInt32 = 0x0507

/// The name of an error of `eglGetError`, as in `egl.h`.
func eglErrorName(_ code: EGLint) -> String {
  switch code {
  case EGL_SUCCESS: "EGL_SUCCESS"
  case EGL_NOT_INITIALIZED: "EGL_NOT_INITIALIZED"
  case EGL_BAD_ACCESS: "EGL_BAD_ACCESS"
  case EGL_BAD_ALLOC: "EGL_BAD_ALLOC"
  case EGL_BAD_ATTRIBUTE: "EGL_BAD_ATTRIBUTE"
  case EGL_BAD_CONFIG: "EGL_BAD_CONFIG"
  case EGL_BAD_CONTEXT: "EGL_BAD_CONTEXT"
  case EGL_BAD_DISPLAY: "EGL_BAD_DISPLAY"
  case EGL_BAD_MATCH: "EGL_BAD_MATCH"
  case EGL_BAD_PARAMETER: "EGL_BAD_PARAMETER"
  case EGL_CONTEXT_LOST: "EGL_CONTEXT_LOST"
  default: "0x" + String(code, radix: 16)
  }
}

import TestSupport
import TexAlloc
import XCTest

@testable import TexAllocEGL

/// A context as a toolkit makes one, current on the thread that made it.
final class ToolkitContext {
  let connection: EGLConnection
  let handle: ContextHandle

  /// What toolkits ask for: OpenGL ES, or OpenGL without or with its past; some want to hear of resets.
  static let kinds: [ContextTraits] = [
    traits(.leastES), traits(.leastES, isLostOnReset: true), traits(.leastES, hasNoErrors: true),
    traits(.leastDesktop, profile: 1), traits(.leastDesktop, profile: 1, isLostOnReset: true),
    traits(.leastDesktop, profile: 1, hasNoErrors: true), traits(.leastDesktop, profile: 2),
  ]

  static func traits(
    _ version: GLVersion, profile: Int32 = 0, isLostOnReset: Bool = false, hasNoErrors: Bool = false
  ) -> ContextTraits {
    ContextTraits(
      version: version, profile: profile, isLostOnReset: isLostOnReset, isRobust: false,
      hasNoErrors: hasNoErrors)
  }

  init(_ traits: ContextTraits = .own, sharing other: ToolkitContext? = nil) throws {
    connection = try other?.connection ?? .software()
    handle = try .make(on: connection, traits, sharing: other?.handle)
    try handle.makeCurrent()
  }

  deinit {
    ContextHandle.clearCurrent(on: connection)
    handle.destroy()
  }
}

extension EGLConnection {
  static func software() throws -> EGLConnection {
    try XCTUnwrap(DeviceChoice.tested.candidates().first).connect()
  }
}

internal import Synchronization

/// A context apart, in which things are tried that may kill it. One thread at a time has it; what was
/// current there comes back.
final class ScratchContext: Sendable {
  private let connection: EGLConnection
  private let traits: ContextTraits
  /// With the program that trials draw with, which takes much longer to make than to use.
  private let living = Mutex<(context: ContextHandle, program: ShaderProgram)?>(nil)

  init(on connection: EGLConnection, _ traits: ContextTraits) {
    self.connection = connection
    self.traits = traits
  }

  deinit { living.withLock { $0?.context.destroy() } }

  /// Makes the context, unless there is one.
  func prepare() throws(EGLFailure) { try run { _ in } }

  /// Runs the body with the context current. A context in which it failed is not used again.
  func run<Result>(
    _ body: (ShaderProgram) throws(EGLFailure) -> sending Result
  ) throws(EGLFailure) -> sending Result {
    try living.withLock { living throws(EGLFailure) in
      let before = ContextHandle.current
      defer {
        ContextHandle.clearCurrent(on: connection)
        try? before?.makeCurrent()
      }
      do throws(EGLFailure) {
        let ours = if let living { living } else { try make() }
        living = ours
        try ours.context.makeCurrent()
        return try body(ours.program)
      } catch {
        living?.context.destroy()
        living = nil
        throw error
      }
    }
  }

  private func make() throws(EGLFailure) -> (context: ContextHandle, program: ShaderProgram) {
    let context = try ContextHandle.make(on: connection, traits)
    do {
      try context.makeCurrent()
      return (context, try ShaderProgram())
    } catch {
      context.destroy()
      throw error
    }
  }
}

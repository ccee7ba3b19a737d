internal import CEGL
internal import Glibc
internal import Synchronization
internal import TexAlloc

/// A context of the device's own, which is current on the device's own thread and nowhere else: a real
/// driver takes tens of milliseconds to make one current on a thread that had none.
///
/// One that shares the textures and buffers of the device's context makes them for it. One that shares
/// nothing is for trying what may kill it.
final class OwnContext: Sendable {
  private let connection: EGLConnection
  private let traits: ContextTraits
  private let thread: WorkerThread
  /// Whose textures and buffers it shares.
  private let shared: ContextHandle?
  /// Used on the thread only.
  private let living = Mutex<(context: ContextHandle, fetches: [Int32: TexelFetch])?>(nil)

  /// Nothing is made before it is used.
  ///
  /// - Parameter traits: Those of the device's context.
  init(
    on connection: EGLConnection, _ traits: ContextTraits, _ thread: WorkerThread,
    sharing shared: ContextHandle? = nil
  ) {
    self.connection = connection
    self.traits = traits
    self.thread = thread
    self.shared = shared
  }

  deinit {
    guard let (context, fetches) = living.withLock({ $0 }) else { return }
    // Waited for: a process that ends meanwhile takes the driver away from under the thread.
    let caller = pthread_self()
    thread.run {
      guard DriverCalls.all.begin(for: caller) else { return }
      defer { DriverCalls.all.end() }
      // What is shared outlives the context.
      if shared != nil, !fetches.isEmpty, (try? context.makeCurrent()) != nil {
        for fetch in fetches.values { fetch.delete() }
      }
      context.destroy()
      _ = eglReleaseThread()  // it goes when it is current nowhere
    }
  }

  /// Runs the body on the thread with the context current, and waits. What is made there and shared can
  /// be used in the other context when this returns. A context that shares nothing, and in which the
  /// body failed, is not used again.
  func run<Result: Sendable>(
    _ body: () throws(EGLFailure) -> Result
  ) throws(EGLFailure) -> Result {
    let outer = thread.isCurrent ? ContextHandle.current : nil
    let caller = pthread_self()
    return try thread.run { () throws(EGLFailure) in
      guard DriverCalls.all.begin(for: caller) else {
        throw .failed("exit", "the process is ending, and the driver may have ended")
      }
      defer { DriverCalls.all.end() }
      defer { try? outer?.makeCurrent() }
      do throws(EGLFailure) {
        try makeCurrent()
        defer { if shared != nil { glFlush() } }
        return try body()
      } catch {
        if shared == nil { destroy() }
        throw error
      }
    }
  }

  /// Has something done some time, on the thread with the context current; where that cannot be, something else.
  func begin(
    _ body: @escaping @Sendable () -> Void, otherwise: @escaping @Sendable () -> Void = {}
  ) {
    thread.begin { [self] in
      guard DriverCalls.all.begin(for: nil) else { return otherwise() }
      defer { DriverCalls.all.end() }
      if (try? makeCurrent()) != nil { body() } else { otherwise() }
    }
  }

  /// What trials see the texels of a kind of texture by, which takes much longer to make than to use. On
  /// the thread only.
  func texelFetch(from target: Int32 = GL_TEXTURE_2D) throws(EGLFailure) -> TexelFetch {
    if let fetch = living.withLock({ $0?.fetches[target] }) { return fetch }
    let fetch = try TexelFetch(from: target)
    living.withLock { $0?.fetches[target] = fetch }
    return fetch
  }

  private func makeCurrent() throws(EGLFailure) {
    let context: ContextHandle
    if let known = living.withLock({ $0?.context }) {
      context = known
    } else {
      context = try ContextHandle.make(on: connection, traits, sharing: shared)
      living.withLock { $0 = (context, [:]) }
      DriverCalls.all.waitBeforeEnd(of: connection.driver)
    }
    if !context.isCurrent { try context.makeCurrent() }
  }

  private func destroy() {
    ContextHandle.clearCurrent(on: connection)
    living.withLock { living in
      living?.context.destroy()
      living = nil
    }
  }
}

internal import CEGL
public import TexAlloc

/// A thread of its own on which a GPU's context is current, for programs without a toolkit.
///
/// A toolkit has such a thread, and a device of ``EGLDevice/current(route:profiles:formats:)``. Swift's
/// actors
/// have none: on Linux even the main actor goes on elsewhere once it has waited for something, and a
/// context stays where it was made current. What is isolated to this actor stays on the one thread.
///
/// ```swift
/// let thread = try await RenderThread()
/// try await thread.run { thread in
///   let texture = try await assets.texture(at: "photo.jpg")
///   draw(texture)
///   try thread.gpu.collect()
/// }
/// ```
public actor RenderThread {
  /// The device whose context is current on the thread, and nowhere else as long as the actor lives.
  public nonisolated let gpu: EGLDevice
  private nonisolated let executor: ThreadExecutor

  public nonisolated var unownedExecutor: UnownedSerialExecutor {
    unsafe executor.asUnownedSerialExecutor()  // lives as long as the actor
  }

  /// Starts the thread and opens a device there, as
  /// ``EGLDevice/surfaceless(_:route:profiles:formats:)`` does.
  ///
  /// - Throws: `EGLFailure`, also where the process may have no more threads.
  public init(
    _ choice: DeviceChoice = .automatic, route: Route? = nil, profiles: [QuirkProfile]? = nil,
    formats: FormatTable = .known
  ) async throws(EGLFailure) {
    let executor: ThreadExecutor
    do { executor = try ThreadExecutor(WorkerThread(named: "TexAlloc render")) } catch {
      throw .failed(error.operation, "\(error)")
    }
    let opened = await withCheckedContinuation { continuation in
      executor.thread.begin {
        continuation.resume(
          returning: Result { () throws(EGLFailure) in
            try EGLDevice.surfaceless(
              choice, route: route, profiles: profiles, formats: formats)
          })
      }
    }
    self.executor = executor
    gpu = try opened.get()
  }

  /// Leaves the context current nowhere, so that whoever holds the device, or a texture of it, can let go
  /// of it on any thread. Waited for: a process that ends meanwhile takes the driver away from under the
  /// thread.
  deinit { executor.thread.run { _ = eglReleaseThread() } }

  /// Runs the body on the thread.
  public func run<Outcome, Failure: Error>(
    _ body: @Sendable (isolated RenderThread) async throws(Failure) -> sending Outcome
  ) async throws(Failure) -> sending Outcome {
    try await body(self)
  }
}

/// Has the jobs of an actor done on one thread.
private final class ThreadExecutor: SerialExecutor {
  let thread: WorkerThread

  init(_ thread: WorkerThread) { self.thread = thread }

  func enqueue(_ job: consuming ExecutorJob) {
    let job = UnownedJob(job)
    // Held until the job is over, which may let go of the actor.
    thread.begin { [self] in unsafe job.runSynchronously(on: asUnownedSerialExecutor()) }
  }

  func checkIsolated() {
    precondition(thread.isCurrent, "not on the render thread")
  }
}

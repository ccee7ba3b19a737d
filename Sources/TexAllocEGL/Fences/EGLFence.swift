internal import CEGL
internal import Synchronization
internal import Glibc
public import TexAlloc

/// The entry points of `EGL_KHR_fence_sync`; having them is the proof that the display has it.
@safe struct EGLFenceSync: Sendable {
  private typealias Create =
    @convention(c) (EGLDisplay?, EGLenum, UnsafePointer<EGLint>?) -> EGLSyncKHR?
  private typealias Destroy = @convention(c) (EGLDisplay?, EGLSyncKHR?) -> EGLBoolean
  private typealias Wait =
    @convention(c) (EGLDisplay?, EGLSyncKHR?, EGLint, EGLTimeKHR) -> EGLint

  private typealias WaitOnGPU =
    @convention(c) (EGLDisplay?, EGLSyncKHR?, EGLint) -> EGLint

  private let create: Create
  private let destroy: Destroy
  private let wait: Wait
  /// Of `EGL_KHR_wait_sync`; nil where the display lacks that.
  private let waitOnGPU: WaitOnGPU?

  init(_ connection: EGLConnection) throws(EGLFailure) {
    guard connection.extensions.contains("EGL_KHR_fence_sync") else {
      throw .unsupported("EGL_KHR_fence_sync", "the display of \(connection.driver) lacks it")
    }
    guard let create = unsafe eglFunction("eglCreateSyncKHR", as: Create.self),
      let destroy = unsafe eglFunction("eglDestroySyncKHR", as: Destroy.self),
      let wait = unsafe eglFunction("eglClientWaitSyncKHR", as: Wait.self)
    else { throw .failed("eglGetProcAddress", "no eglCreateSyncKHR") }
    unsafe self.create = create
    unsafe self.destroy = destroy
    unsafe self.wait = wait
    unsafe waitOnGPU =
      connection.extensions.contains("EGL_KHR_wait_sync")
      ? eglFunction("eglWaitSyncKHR", as: WaitOnGPU.self) : nil
  }

  /// Has every command that the current context is given from now on wait for a fence; where the display
  /// cannot, the CPU waits, ten seconds at most.
  func wait(for fence: EGLFence, on connection: EGLConnection) throws(EGLFailure) {
    if let waitOnGPU = unsafe waitOnGPU {
      guard unsafe waitOnGPU(connection.display, fence.sync, 0) == EGL_TRUE else {
        throw .last("eglWaitSyncKHR")
      }
    } else if !fence.wait(until: .now + .seconds(10)) {
      throw .failed("eglClientWaitSyncKHR", "the GPU is not done after ten seconds")
    }
  }

  /// A fence behind every command given to the current context so far, which are sent on their way.
  func makeFence(
    on connection: EGLConnection, until loss: ContextLoss
  ) throws(EGLFailure) -> EGLFence {
    guard let sync = unsafe create(connection.display, EGLenum(EGL_SYNC_FENCE_KHR), nil) else {
      throw .last("eglCreateSyncKHR")
    }
    glFlush()  // waiting from another thread can't
    return unsafe EGLFence(sync, of: self, on: connection, until: loss)
  }

  fileprivate func destroy(_ sync: EGLSyncKHR, on connection: EGLConnection) {
    _ = unsafe destroy(connection.display, sync)
  }

  /// What fails says nothing of the GPU, which may still be at it.
  fileprivate func hasPassed(
    _ sync: EGLSyncKHR, on connection: EGLConnection, nanoseconds: UInt64
  ) -> Bool {
    unsafe wait(connection.display, sync, 0, nanoseconds) == EGL_CONDITION_SATISFIED_KHR
  }
}

/// The end of the GPU's use of what was drawn before it. Any thread may ask.
///
/// ``EGLDevice/makeFence()`` makes one.
@safe public final class EGLFence: Fence, @unchecked Sendable {  // EGL guards its syncs by itself
  fileprivate let sync: EGLSyncKHR
  private let functions: EGLFenceSync
  private let connection: EGLConnection
  private let loss: ContextLoss
  /// Asking EGL takes longer than many a call that asks.
  private let isKnownToHavePassed = Atomic(false)

  fileprivate init(
    _ sync: EGLSyncKHR, of functions: EGLFenceSync, on connection: EGLConnection,
    until loss: ContextLoss
  ) {
    unsafe self.sync = sync
    self.functions = functions
    self.connection = connection
    self.loss = loss
  }

  deinit { unsafe functions.destroy(sync, on: connection) }

  public var hasPassed: Bool { hasPassed(after: 0) }

  private func hasPassed(after nanoseconds: UInt64) -> Bool {
    if isKnownToHavePassed.load(ordering: .acquiring) || loss.hasHappened { return true }
    guard unsafe functions.hasPassed(sync, on: connection, nanoseconds: nanoseconds) else {
      return false
    }
    isKnownToHavePassed.store(true, ordering: .releasing)
    return true
  }

  public func wait(until deadline: ContinuousClock.Instant) -> Bool {
    let left = max(.zero, deadline - .now).components
    let nanoseconds = left.seconds.multipliedReportingOverflow(by: 1_000_000_000)
    let total =
      nanoseconds.overflow
      ? UInt64.max - 1 : UInt64(nanoseconds.partialValue) + UInt64(left.attoseconds / 1_000_000_000)
    return hasPassed(after: total)
  }
}

/// Whether a device's context is lost: what its fences and the device itself have in common.
final class ContextLoss: Sendable {
  private let happened = Atomic(false)

  var hasHappened: Bool { happened.load(ordering: .acquiring) }
  func happen() { happened.store(true, ordering: .releasing) }
}

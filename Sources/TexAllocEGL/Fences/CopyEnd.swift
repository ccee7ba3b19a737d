internal import CEGL
internal import Synchronization
internal import TexAlloc

/// The end of one copy that the GPU makes, of which nobody has to know but the next writer of the image: a sync
/// object of OpenGL, which a real driver makes in a tenth of the time that one of EGL takes.
///
/// It is asked where the context is current that it was made in, and elsewhere by the device's own thread.
@safe final class CopyEnd: Fence, @unchecked Sendable {  // OpenGL guards its syncs by itself
  private let sync: GLsync
  private let context: ContextHandle
  /// One that shares its objects.
  private let own: OwnContext
  private let loss: ContextLoss
  private let isKnownToHavePassed = Atomic(false)

  /// Behind everything given so far to the context that is current, which is sent on its way.
  init(
    in context: ContextHandle, askedIn own: OwnContext, until loss: ContextLoss
  ) throws(EGLFailure) {
    guard let sync = unsafe glFenceSync(GLenum(GL_SYNC_GPU_COMMANDS_COMPLETE), 0) else {
      try checkGL("glFenceSync")
      throw .failed("glFenceSync", "no sync")
    }
    glFlush()  // waiting in another context can't
    unsafe self.sync = sync
    (self.context, self.own, self.loss) = (context, own, loss)
  }

  deinit {
    let sync = unsafe UInt(bitPattern: sync)
    own.begin { unsafe glDeleteSync(GLsync(bitPattern: sync)) }
  }

  var hasPassed: Bool { hasPassed(within: 0) }

  func wait(until deadline: ContinuousClock.Instant) -> Bool {
    repeat {
      // The thread has other work, too.
      let left = min(max(.zero, deadline - .now), .milliseconds(5))
      if hasPassed(within: UInt64(left / .nanoseconds(1))) { return true }
    } while ContinuousClock.now < deadline
    return false
  }

  private func hasPassed(within nanoseconds: UInt64) -> Bool {
    if isKnownToHavePassed.load(ordering: .acquiring) || loss.hasHappened { return true }
    let answer =
      context.isCurrent
      ? ask(nanoseconds) : (try? own.run { () throws(EGLFailure) in ask(nanoseconds) })
    guard let answer, [GL_ALREADY_SIGNALED, GL_CONDITION_SATISFIED].contains(Int32(answer)) else {
      return false
    }
    isKnownToHavePassed.store(true, ordering: .releasing)
    return true
  }

  private func ask(_ nanoseconds: UInt64) -> GLenum {
    unsafe glClientWaitSync(sync, 0, nanoseconds)
  }
}

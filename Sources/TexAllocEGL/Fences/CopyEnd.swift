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
    if context.isCurrent { return unsafe glDeleteSync(sync) }
    let address = unsafe UInt(bitPattern: sync)
    own.begin { unsafe glDeleteSync(GLsync(bitPattern: address)) }
  }

  var hasPassed: Bool {
    if isKnownToHavePassed.load(ordering: .acquiring) || loss.hasHappened { return true }
    let answer =
      context.isCurrent ? ask(0) : (try? own.run { () throws(EGLFailure) in ask(0) }) ?? false
    if answer { isKnownToHavePassed.store(true, ordering: .releasing) }
    return answer
  }

  func wait(until deadline: ContinuousClock.Instant) -> Bool {
    if context.isCurrent, !loss.hasHappened {
      return ask(UInt64(max(.zero, deadline - .now) / .nanoseconds(1)))
    }
    // The device's thread has other work, too.
    while !hasPassed {
      if ContinuousClock.now >= deadline { return false }
      _ = UnknownFence().wait(until: min(deadline, .now + .microseconds(200)))
    }
    return true
  }

  /// Whether it passes in so many nanoseconds. What fails says nothing of the GPU, which may still be at it.
  private func ask(_ nanoseconds: UInt64) -> Bool {
    let answer = Int32(unsafe glClientWaitSync(sync, 0, nanoseconds))
    if answer == GL_WAIT_FAILED { drainGLErrors() }
    return answer == GL_ALREADY_SIGNALED || answer == GL_CONDITION_SATISFIED
  }
}

internal import CEGL
internal import Synchronization
internal import TexAlloc

/// The end of copies that the GPU makes, of which nobody has to know but the next writer of an image and the
/// slots that they lay in: a sync object of OpenGL, which a real driver makes in a tenth of the time that one of
/// EGL takes.
///
/// It is asked where the context is current that it was made in, and elsewhere by the device's own thread: who
/// does not wait learns there what was found out before, and has it asked for the next time.
@safe final class CopyEnd: Fence, @unchecked Sendable {  // OpenGL guards its syncs by itself
  private let sync: GLsync
  private let context: ContextHandle
  /// One that shares its objects.
  private let own: OwnContext
  private let loss: ContextLoss
  private let isKnownToHavePassed = Atomic(false)
  /// Whether the device's thread has been told to ask, and has not yet.
  private let isBeingAsked = Atomic(false)

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
    if isKnown { return true }
    if context.isCurrent { return ask() }
    if !isBeingAsked.exchange(true, ordering: .acquiringAndReleasing) {
      own.begin { [self] in
        isBeingAsked.store(false, ordering: .releasing)
        _ = ask()
      } otherwise: { [self] in
        isBeingAsked.store(false, ordering: .releasing)
      }
    }
    return false
  }

  func wait(until deadline: ContinuousClock.Instant) -> Bool {
    if context.isCurrent {
      let left = min(max(.zero, deadline - .now), .seconds(1_000_000_000))
      return isKnown || ask(for: UInt64(left / .nanoseconds(1)))
    }
    // The device's thread has other work, too.
    while !isKnown, (try? own.run { () throws(EGLFailure) in ask() }) != true {
      if ContinuousClock.now >= deadline { return false }
      _ = UnknownFence().wait(until: min(deadline, .now + .microseconds(200)))
    }
    return true
  }

  private var isKnown: Bool {
    isKnownToHavePassed.load(ordering: .acquiring) || loss.hasHappened
  }

  /// Whether it passes in so many nanoseconds, in a context that shares its objects. What fails says nothing of
  /// the GPU, which may still be at it.
  func ask(for nanoseconds: UInt64 = 0) -> Bool {
    let answer = Int32(unsafe glClientWaitSync(sync, 0, nanoseconds))
    if answer == GL_WAIT_FAILED { drainGLErrors() }
    let isOver = answer == GL_ALREADY_SIGNALED || answer == GL_CONDITION_SATISFIED
    if isOver { isKnownToHavePassed.store(true, ordering: .releasing) }
    return isOver
  }
}

internal import Glibc
internal import TexAlloc

/// The end of a use that nobody can ask about any more. It never passes: better a slot that is lost to
/// its pool than one that is written while the GPU reads it.
struct UnknownFence: Fence {
  var hasPassed: Bool { false }

  func wait(until deadline: ContinuousClock.Instant) -> Bool {
    while ContinuousClock.now < deadline {
      usleep(useconds_t(min(max(.zero, deadline - .now) / .microseconds(1), 100_000)))
    }
    return false
  }
}

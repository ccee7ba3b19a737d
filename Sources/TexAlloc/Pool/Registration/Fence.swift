internal import Glibc

/// The end of some use of a buffer by a device.
public protocol Fence: AnyObject, Sendable {
  /// Whether the use is over. Never waits. A fence whose device is lost has passed.
  var hasPassed: Bool { get }

  /// Waits until the use is over or the time has come; answers whether it is over.
  func wait(until deadline: ContinuousClock.Instant) -> Bool
}

/// The end of a use that nobody can ask about any more. It never passes: better a slot that is lost to
/// its pool than one that is written while the GPU reads it.
package final class UnknownFence: Fence {
  package init() {}

  package var hasPassed: Bool { false }

  package func wait(until deadline: ContinuousClock.Instant) -> Bool {
    while ContinuousClock.now < deadline {
      usleep(useconds_t(min(max(.zero, deadline - .now) / .microseconds(1), 100_000)))
    }
    return false
  }
}

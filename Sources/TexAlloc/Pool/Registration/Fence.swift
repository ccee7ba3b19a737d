/// The end of some use of a buffer by a device.
public protocol Fence: Sendable {
  /// Whether the use is over. Never waits. A fence whose device is lost has passed.
  var hasPassed: Bool { get }

  /// Waits until the use is over or the time has come; answers whether it is over.
  func wait(until deadline: ContinuousClock.Instant) -> Bool
}

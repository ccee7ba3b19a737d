internal import Synchronization

/// An object that is made when it is first asked for, and stays. `AtomicLazyReference` is the same, of which the
/// compiler has no body to specialise: it takes 60 ns to look.
@safe struct LazyObject<Object: AnyObject & Sendable>: ~Copyable, Sendable {
  // Retained once, by this.
  private let held = unsafe Atomic<Unmanaged<Object>?>(nil)

  /// nil before.
  @inline(__always)
  var ifMade: Object? { unsafe held.load(ordering: .acquiring)?.takeUnretainedValue() }

  /// Where another thread was faster, that thread's stays.
  func made(by make: () -> Object) -> Object {
    if let ifMade { return ifMade }
    let new = unsafe Unmanaged.passRetained(make())
    let (isOurs, other) = unsafe held.compareExchange(
      expected: nil, desired: new, ordering: .acquiringAndReleasing)
    if isOurs { return unsafe new.takeUnretainedValue() }
    unsafe new.release()
    guard let other = unsafe other else { preconditionFailure("nobody else has made it") }
    return unsafe other.takeUnretainedValue()
  }

  deinit { unsafe held.load(ordering: .acquiring)?.release() }
}

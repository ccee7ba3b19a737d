internal import Synchronization

/// A range of a slab on its way from the pool to a buffer and back.
final class Slot: Sendable {
  let slab: Slab
  let range: Range<Int>
  /// What was asked for.
  let request: SlotRequest
  /// Whether nobody had the range before: it is zero.
  let isFresh: Bool
  private let lease: Mutex<RangeAllocator.Lease?>

  init(
    _ lease: consuming RangeAllocator.Lease, of slab: Slab, for request: SlotRequest, isFresh: Bool
  ) {
    self.slab = slab
    self.request = request
    self.isFresh = isFresh
    range = lease.range
    self.lease = Mutex(lease)
  }

  /// Gives up the lease; nil the second time.
  func takeLease() -> RangeAllocator.Lease? {
    lease.withLock { $0.take() }
  }

  /// Whether the lease was given up.
  var isFree: Bool {
    lease.withLock { lease in
      switch lease {
      case .some: false
      case .none: true
      }
    }
  }
}

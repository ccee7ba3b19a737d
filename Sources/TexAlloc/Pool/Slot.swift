internal import Synchronization

/// A range of a slab on its way from the pool to a buffer and back.
final class Slot: Sendable {
  let slab: Slab
  let range: Range<Int>
  /// What the range was asked to begin at a multiple of.
  let alignment: Int
  private let lease: Mutex<RangeAllocator.Lease?>

  init(_ lease: consuming RangeAllocator.Lease, of slab: Slab, alignment: Int) {
    self.slab = slab
    self.alignment = alignment
    range = lease.range
    self.lease = Mutex(lease)
  }

  /// Gives up the lease; nil the second time.
  func takeLease() -> RangeAllocator.Lease? {
    lease.withLock { $0.take() }
  }
}

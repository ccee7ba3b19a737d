internal import TexAlloc

/// A lease in a place that arrays can hold.
final class HeldLease {
  private var lease: RangeAllocator.Lease?

  init(_ lease: consuming RangeAllocator.Lease) { self.lease = consume lease }

  func take() -> RangeAllocator.Lease? { lease.take() }
}

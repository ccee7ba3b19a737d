/// A slab, which of its ranges are taken, and how far its pages are ready. Guarded by its pool.
final class CarvedSlab {
  let slab: Slab
  /// Whether several images share it; otherwise it holds one large image at a time.
  let isShared: Bool
  private var ranges: RangeAllocator
  private var populated = 0

  init(_ slab: Slab, isShared: Bool) {
    self.slab = slab
    self.isShared = isShared
    ranges = RangeAllocator(capacity: slab.size, granularity: pageSize)
  }

  /// Bytes that are taken.
  var allocated: Int { ranges.allocated }

  func allocate(_ size: Int, alignment: Int) -> Slot? {
    guard let lease = ranges.allocate(size, alignment: alignment) else { return nil }
    return Slot(lease, of: slab, alignment: alignment)
  }

  func free(_ lease: consuming RangeAllocator.Lease) {
    ranges.free(lease)
  }

  /// The pages that are to be made ready next so that `ahead` bytes above the highest range ever
  /// taken are; each page once; nil where they are.
  func pagesToPopulate(ahead: Int) -> Range<Int>? {
    let target = min(ranges.highWater + min(ahead, slab.size), slab.size)
    guard target > populated else { return nil }
    defer { populated = target }
    return populated..<target
  }
}

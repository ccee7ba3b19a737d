/// A slab, which of its ranges are taken, and how far its pages are ready. Guarded by its pool.
final class CarvedSlab {
  let slab: Slab
  let tenancy: Tenancy
  private var ranges: RangeAllocator
  private var populated = 0

  init(_ slab: Slab, for tenancy: Tenancy) {
    self.slab = slab
    self.tenancy = tenancy
    ranges = RangeAllocator(capacity: slab.size, granularity: pageSize)
  }

  /// Bytes that are taken.
  var allocated: Int { ranges.allocated }

  /// A slot that suits; nil where there is no room.
  func carve(_ request: SlotRequest) -> Slot? {
    guard request.tenancy == tenancy else { return nil }
    var alignment = request.alignment
    if tenancy != .shared {
      // Whatever begins at the start of the slab is aligned.
      guard allocated == 0, slab.size / 2 <= request.size else { return nil }
      alignment = 1
    }
    let highWater = ranges.highWater
    guard let lease = ranges.allocate(request.size, alignment: alignment) else { return nil }
    let isFresh = lease.range.lowerBound >= highWater
    return Slot(lease, of: slab, for: request, isFresh: isFresh)
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

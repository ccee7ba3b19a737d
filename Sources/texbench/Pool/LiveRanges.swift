internal import TexAlloc

/// As many live ranges as a measurement wants, each in turn replaced by another.
@safe final class LiveRanges {
  private var ranges: RangeAllocator
  private let leases: UnsafeMutableBufferPointer<RangeAllocator.Lease>
  private var place = 0

  /// - Parameters:
  ///   - order: In which they are replaced.
  ///   - size: Bytes of the range at a place; all of them must fit.
  init(count: Int, capacity: Int, in order: TurnOrder, size: (Int) -> Int) {
    ranges = RangeAllocator(capacity: capacity, granularity: 4096)
    // Leases cannot be copied, and arrays hold only what can.
    unsafe leases = .allocate(capacity: count)
    for place in 0..<count {
      guard let lease = ranges.allocate(size(place)) else { preconditionFailure("no room") }
      unsafe leases.initializeElement(at: place, to: lease)
    }
    guard order == .shuffled else { return }
    var random = SplitMix64(seed: 1)
    for place in 1..<count {
      unsafe leases.swapAt(place, .random(in: 0...place, using: &random))
    }
  }

  /// The leases vanish with their allocator.
  deinit { unsafe leases.deallocate() }

  /// Frees one range and allocates another in its stead.
  func replaceNext(size: Int) {
    place = unsafe place + 1 < leases.count ? place + 1 : 0
    unsafe ranges.free(leases.moveElement(from: place))
    guard let lease = ranges.allocate(size) else { preconditionFailure("no room") }
    unsafe leases.initializeElement(at: place, to: lease)
  }
}

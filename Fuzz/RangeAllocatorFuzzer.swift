/// A lease in a place that arrays can hold.
final class HeldLease {
  private var lease: RangeAllocator.Lease?
  let range: Range<Int>

  init(_ lease: consuming RangeAllocator.Lease) {
    range = lease.range
    self.lease = consume lease
  }

  func take() -> RangeAllocator.Lease? { lease.take() }
}

/// What libFuzzer calls: replays events against a range allocator and checks it after each. An event
/// is three bytes: what to do, then a size and an alignment, or which lease to give back.
@c(LLVMFuzzerTestOneInput)
public func replay(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
  let events = unsafe UnsafeBufferPointer(start: start, count: count)
  var ranges = RangeAllocator(capacity: 4096, granularity: 4)
  var taken = [Bool](repeating: false, count: 4096)
  var live: [HeldLease] = []
  for event in stride(from: 0, to: count - 2, by: 3) {
    let (kind, size, other) = unsafe (events[event], events[event + 1], events[event + 2])
    if kind < 160 {
      let alignment = Int(other) + 1
      guard let lease = ranges.allocate((Int(kind & 3) << 8 | Int(size)) + 1, alignment: alignment)
      else { continue }
      let range = lease.range
      precondition(range.lowerBound.isMultiple(of: alignment) && !taken[range].contains(true))
      for number in range { taken[number] = true }
      live.append(HeldLease(lease))
    } else if !live.isEmpty {
      let held = live.remove(at: Int(other) % live.count)
      for number in held.range { taken[number] = false }
      if let lease = held.take() { ranges.free(lease) }
    }
    ranges.checkInvariants()
  }
  for held in live { if let lease = held.take() { ranges.free(lease) } }
  precondition(ranges.freeRanges == [0..<4096])
  return 0
}

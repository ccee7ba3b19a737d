internal import SystemPackage

/// A slab, which of its ranges are taken, and how far its pages are ready. Guarded by its pool.
final class CarvedSlab {
  /// Bytes of the largest slab that can be carved.
  static let largestSize = RangeAllocator.largestCapacity(granularity: pageSize)

  let slab: Slab
  let tenancy: Tenancy
  private let start = ContinuousClock.now
  private var ranges: RangeAllocator
  private var populated = 0
  /// What was given back below `populated`, and not used since.
  private var holes: [Range<Int>] = []
  /// The slots that are taken, for reports.
  private var slots: [Int: Taken] = [:]

  private struct Taken {
    let identity: ObjectIdentifier
    let label: SlotLabel
    let range: Range<Int>
    let start: ContinuousClock.Instant
  }

  init(_ slab: Slab, for tenancy: Tenancy) {
    self.slab = slab
    self.tenancy = tenancy
    ranges = RangeAllocator(
      capacity: min(slab.size, Self.largestSize), granularity: pageSize)
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
    let slot = Slot(lease, of: slab, for: request, isFresh: isFresh)
    slots[slot.range.lowerBound] = Taken(
      identity: ObjectIdentifier(slot), label: request.label, range: slot.range, start: .now)
    return slot
  }

  func free(_ slot: Slot, _ lease: consuming RangeAllocator.Lease) {
    slots[slot.range.lowerBound] = nil
    ranges.free(lease)
  }

  /// Bytes that were used or made ready, and not given back since.
  var resident: Int { populated - holes.reduce(0) { $0 + $1.count } }

  /// The pages that are to be made ready next so that those of `range` are, and `ahead` bytes above the
  /// highest range taken; each page once.
  func pagesToPopulate(for range: Range<Int>, ahead: Int) -> [Range<Int>] {
    var pages: [Range<Int>] = []
    if !holes.isEmpty {
      pages = holes.map { $0.clamped(to: range) }.filter { !$0.isEmpty }
      holes = holes.flatMap { hole in
        hole.overlaps(range)
          ? [
            hole.lowerBound..<max(hole.lowerBound, range.lowerBound),
            min(hole.upperBound, range.upperBound)..<hole.upperBound,
          ].filter { !$0.isEmpty } : [hole]
      }
    }
    let target = min(ranges.highWater + min(ahead, slab.size), slab.size)
    if target > populated {
      pages.append(populated..<target)
      populated = target
    }
    return pages
  }

  /// Gives the pages of free ranges back to the system, from the top, until it was so many bytes or
  /// there are no more. Not every heap can.
  func giveBack(atLeast bytes: Int) {
    var left = bytes
    for range in ranges.freeRanges.reversed() where left > 0 {
      let pages = range.clamped(to: 0..<populated)
      guard !pages.isEmpty, slab.giveBack(pages) else { continue }
      let known = holes.filter { pages.contains($0.lowerBound) }
      holes.removeAll { pages.contains($0.lowerBound) }
      left -= pages.count - known.reduce(0) { $0 + $1.count }
      if range.upperBound == slab.size {
        ranges.lowerHighWater()
        populated = pages.lowerBound
      } else {
        holes.append(pages)
      }
    }
  }

  func snapshot(
    at now: ContinuousClock.Instant, waiting: Set<ObjectIdentifier>
  ) -> PoolSnapshot.Slab {
    let taken = slots.values.map { taken in
      PoolSnapshot.Slot(
        offset: taken.range.lowerBound, size: taken.range.count, name: taken.label.name,
        owner: taken.label.owner, seconds: (now - taken.start) / .seconds(1),
        state: waiting.contains(taken.identity) ? .waiting : .live)
    }
    let free = ranges.freeRanges.map {
      PoolSnapshot.Slot(offset: $0.lowerBound, size: $0.count, state: .free)
    }
    return PoolSnapshot.Slab(
      size: slab.size, resident: resident, seconds: (now - start) / .seconds(1),
      descriptor: (slab.descriptor?.rawValue).map(Int.init),
      slots: (taken + free).sorted { $0.offset < $1.offset })
  }
}

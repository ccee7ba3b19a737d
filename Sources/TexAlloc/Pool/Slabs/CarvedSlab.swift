internal import Synchronization
internal import SystemPackage

/// A slab, which of its ranges are taken and by whom, and what is known of its pages. Guarded by its
/// pool.
final class CarvedSlab {
  /// Bytes of the largest slab that can be carved.
  static let largestSize = RangeAllocator.largestCapacity(granularity: pageSize)
  /// Bytes of the largest slot whose pages are made ready when it is handed out. Those of a larger one
  /// are made ready as its writer comes near them.
  static let largestReadySlot = 1 << 20

  let slab: Slab
  let tenancy: Tenancy
  let start = ContinuousClock.now
  var pages: SlabPages
  private var ranges: RangeAllocator
  /// By the numbers of their leases.
  private var tenants: [Tenant?] = []

  /// Who has a slot, for reports.
  private struct Tenant {
    let label: SlotLabel
    let range: Range<Int>
    let start: ContinuousClock.Instant
    /// Whether it let go, but devices still use it.
    var isWaiting = false
  }

  init(_ slab: Slab, for tenancy: Tenancy) {
    self.slab = slab
    self.tenancy = tenancy
    pages = SlabPages(of: slab)
    ranges = RangeAllocator(
      capacity: min(slab.size, Self.largestSize), granularity: TexAlloc.pageSize)
  }

  /// Bytes that can be taken.
  var capacity: Int { ranges.capacity }
  /// Bytes that are taken.
  var allocated: Int { ranges.allocated }
  var isEmpty: Bool { allocated == 0 }

  /// A slot that suits; nil where there is no room.
  func carve(_ request: SlotRequest, at place: Int) -> Slot? {
    // Whatever begins at the start of the slab is aligned.
    let alignment = tenancy == .shared ? request.alignment : 1
    guard let lease = ranges.allocate(request.size, alignment: alignment) else { return nil }
    let isZero = pages.use(lease.range)
    while tenants.count <= lease.number { tenants.append(nil) }
    tenants[lease.number] = Tenant(label: request.label, range: lease.range, start: .now)
    return Slot(slab: slab, place: place, isZero: isZero, lease: lease)
  }

  func free(_ slot: consuming Slot) {
    tenants[slot.lease.number] = nil
    ranges.free(slot.takeLease())
  }

  /// Notes that nobody holds the slot any more, but that devices may still use it.
  func markWaiting(_ slot: borrowing Slot) {
    tenants[slot.lease.number]?.isWaiting = true
  }

  /// The pages to ask the kernel for, now that the slot is handed out: its own, and those that come
  /// next up to `ahead` bytes, once less than half as many are left.
  func requestPages(for slot: borrowing Slot, ahead: Int) -> [Range<Int>] {
    let range = slot.range
    guard ahead > 0 else {
      pages.markReady(range)
      return []
    }
    guard range.count <= Self.largestReadySlot else { return [] }
    let end = ranges.freeRange(after: slot.lease)?.upperBound ?? range.upperBound
    func withNext(_ bytes: Int) -> Range<Int> {
      range.lowerBound..<min(range.upperBound + bytes, end)
    }
    defer { pages.markReady(range) }
    return pages.isRequested(withNext(ahead / 2)) ? [] : pages.request(withNext(ahead))
  }

  /// Bytes that have memory.
  var resident: Int { slab.givesPagesBack ? pages.resident : slab.size }

  /// Takes free ranges whose pages can be given back to the system, from the top, until these are so
  /// many bytes or there are no more.
  func takeFreePages(atLeast bytes: Int) -> [FreePages] {
    guard slab.givesPagesBack else { return [] }
    var (taken, count): ([FreePages], Int) = ([], 0)
    ranges.takeFreeRanges { range in
      count < bytes && pages.pagesToGiveBack(in: range) != nil
    } take: { lease in
      guard let range = pages.pagesToGiveBack(in: lease.range) else {
        preconditionFailure("they were looked at a moment ago")
      }
      count += pages.resident(in: range)
      taken.append(FreePages(of: slab, range, in: lease))
    }
    return taken
  }

  /// Takes the range back that they lie in; answers how many bytes of memory the system got.
  func putBack(_ free: FreePages, areGivenBack: Bool) -> Int {
    guard let lease = free.takeLease() else { return 0 }
    ranges.free(lease)
    guard areGivenBack else { return 0 }
    defer { pages.markGivenBack(free.range) }
    return pages.resident(in: free.range)
  }

  func snapshot(at now: ContinuousClock.Instant) -> PoolSnapshot.Slab {
    let taken = tenants.lazy.compactMap(\.self).map { tenant in
      PoolSnapshot.Slot(
        offset: tenant.range.lowerBound, size: tenant.range.count, name: tenant.label.name,
        owner: tenant.label.owner, seconds: (now - tenant.start) / .seconds(1),
        state: tenant.isWaiting ? .waiting : .live)
    }
    let free = ranges.freeRanges.map {
      PoolSnapshot.Slot(offset: $0.lowerBound, size: $0.count, state: .free)
    }
    return PoolSnapshot.Slab(
      heap: slab.heap, size: slab.size, resident: resident, seconds: (now - start) / .seconds(1),
      descriptor: (slab.descriptor?.rawValue).map(Int.init),
      refusal: pages.refusal.map { "\($0)" },
      slots: (taken + free).sorted { $0.offset < $1.offset })
  }
}

/// Free pages of a slab on their way back to the system: nobody gets their range meanwhile.
final class FreePages: Sendable {
  let slab: Slab
  let range: Range<Int>
  private let lease: Mutex<RangeAllocator.Lease?>

  init(of slab: Slab, _ range: Range<Int>, in lease: consuming RangeAllocator.Lease) {
    self.slab = slab
    self.range = range
    self.lease = Mutex(lease)
  }

  /// Gives the lease up; nil the second time.
  func takeLease() -> RangeAllocator.Lease? { lease.withLock { $0.take() } }
}

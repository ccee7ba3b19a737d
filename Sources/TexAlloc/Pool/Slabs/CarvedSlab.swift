internal import Synchronization
internal import SystemPackage

/// A slab of a pool, and what became of its ranges and pages. Guarded by the pool.
final class CarvedSlab {
  /// Bytes of the largest slab that can be carved.
  static let largestSize = RangeAllocator.largestCapacity(granularity: pageSize)
  /// Bytes of the largest slot whose pages are made ready when it is handed out. Those of a larger one
  /// are made ready as its writer comes near them.
  static let largestReadySlot = 1 << 20

  let slab: Slab
  let tenancy: Tenancy
  let start = ContinuousClock.now
  /// All that changes, in one place, since each look at a variable of an object is checked.
  var contents: Contents

  init(_ slab: Slab, for tenancy: Tenancy) {
    self.slab = slab
    self.tenancy = tenancy
    contents = Contents(of: slab)
  }

  var isEmpty: Bool { contents.allocated == 0 }

  /// Bytes that have memory.
  var resident: Int { slab.givesPagesBack ? contents.pages.resident : slab.size }

  /// Which ranges of a slab are taken and by whom, and what is known of its pages.
  struct Contents: ~Copyable {
    var pages: SlabPages
    private var ranges: RangeAllocator
    /// By the numbers of their leases.
    private var tenants: [Tenant] = []

    /// Who has a slot, or had it, for reports.
    private struct Tenant {
      let label: SlotLabel
      let range: Range<Int>
      let start: ContinuousClock.Instant
      var state: PoolSnapshot.Slot.State

      static let nobody = Tenant(
        label: SlotLabel(name: "", owner: ""), range: 0..<0, start: .now, state: .free)
    }

    fileprivate init(of slab: Slab) {
      pages = SlabPages(of: slab)
      ranges = RangeAllocator(
        capacity: min(slab.size, CarvedSlab.largestSize), granularity: TexAlloc.pageSize)
    }

    /// Bytes that can be taken.
    var capacity: Int { ranges.capacity }
    /// Bytes that are taken.
    var allocated: Int { ranges.allocated }
  }
}

extension CarvedSlab.Contents {
  /// A slot that suits; nil where there is no room.
  ///
  /// - Parameters:
  ///   - place: Where the pool keeps the slab.
  ///   - ahead: Bytes that are made ready ahead of their use.
  ///   - requests: Gets the pages to ask the kernel for now.
  mutating func carve(
    _ request: borrowing SlotRequest, of carved: CarvedSlab, at place: Int, ahead: Int,
    asking requests: inout [PageRequest]
  ) -> Slot? {
    // Whatever begins at the start of the slab is aligned.
    let alignment = carved.tenancy == .shared ? request.alignment : 1
    guard let lease = ranges.allocate(request.size, alignment: alignment) else { return nil }
    let isZero = pages.use(lease.range)
    note(
      Tenant(label: request.label, range: lease.range, start: .now, state: .live), as: lease.number)
    for range in pagesToRequest(for: lease, ahead: ahead) {
      requests.append(PageRequest(slab: carved.slab, place: place, range: range))
    }
    return Slot(slab: carved.slab, place: place, isZero: isZero, lease: lease)
  }

  private mutating func note(_ tenant: Tenant, as number: Int) {
    while tenants.count <= number { tenants.append(.nobody) }
    tenants[number] = tenant
  }

  mutating func free(_ slot: consuming Slot) {
    tenants[slot.lease.number].state = .free
    ranges.free(slot.takeLease())
  }

  /// Notes that nobody holds the slot any more, but that devices may still use it.
  mutating func markWaiting(_ slot: borrowing Slot) {
    tenants[slot.lease.number].state = .waiting
  }

  /// The pages to ask the kernel for, now that a slot is handed out: its own, and those that come next
  /// up to `ahead` bytes, once less than half as many are left.
  private mutating func pagesToRequest(
    for lease: borrowing RangeAllocator.Lease, ahead: Int
  ) -> [Range<Int>] {
    let range = lease.range
    guard ahead > 0 else {
      pages.markReady(range)
      return []
    }
    guard range.count <= CarvedSlab.largestReadySlot else { return [] }
    let end = ranges.freeRange(after: lease)?.upperBound ?? range.upperBound
    func withNext(_ bytes: Int) -> Range<Int> {
      range.lowerBound..<range.upperBound + min(bytes, end - range.upperBound)
    }
    let areRequested = pages.isRequested(withNext(ahead / 2))
    let missing = areRequested ? [] : pages.request(withNext(ahead))
    pages.markReady(range)
    return missing
  }

  /// Takes free ranges whose pages can be given back to the system, from the top, until these are so
  /// many bytes or there are no more.
  mutating func takeFreePages(of slab: Slab, atLeast bytes: Int) -> [FreePages] {
    guard slab.givesPagesBack else { return [] }
    var (taken, count): ([FreePages], Int) = ([], 0)
    let pages = pages
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
  mutating func putBack(_ free: FreePages, areGivenBack: Bool) -> Int {
    guard let lease = free.takeLease() else { return 0 }
    ranges.free(lease)
    guard areGivenBack else { return 0 }
    let count = pages.resident(in: free.range)
    pages.markGivenBack(free.range)
    return count
  }

  /// The slots and what is free between them, by offset.
  fileprivate func slots(at now: ContinuousClock.Instant) -> [PoolSnapshot.Slot] {
    let taken = tenants.lazy.filter { $0.state != .free }.map { tenant in
      PoolSnapshot.Slot(
        offset: tenant.range.lowerBound, size: tenant.range.count, name: tenant.label.name,
        owner: tenant.label.owner, seconds: (now - tenant.start) / .seconds(1),
        state: tenant.state)
    }
    let free = ranges.freeRanges.map {
      PoolSnapshot.Slot(offset: $0.lowerBound, size: $0.count, state: .free)
    }
    return (taken + free).sorted { $0.offset < $1.offset }
  }
}

extension CarvedSlab {
  func snapshot(at now: ContinuousClock.Instant) -> PoolSnapshot.Slab {
    PoolSnapshot.Slab(
      heap: slab.heap, size: slab.size, resident: resident, seconds: (now - start) / .seconds(1),
      descriptor: (slab.descriptor?.rawValue).map(Int.init),
      refusal: contents.pages.refusal.map { "\($0)" }, slots: contents.slots(at: now))
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

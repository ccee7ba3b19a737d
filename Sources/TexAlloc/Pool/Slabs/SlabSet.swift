/// The slabs of a pool, the slots that wait to come back to them, and what is to be done for both. No
/// lock, no system call, no question to a fence: its owner has those.
struct SlabSet {
  private(set) var limits: PoolLimits
  /// Bytes of the largest slab that the heap gives for several images.
  private let heapLimit: Int
  /// Of all that share the budget.
  let ledger: SlabLedger
  /// By place; nil where there is none any more.
  private(set) var slabs: [CarvedSlab?] = []
  /// The slots that wait, in the order in which they were released.
  private(set) var released: [ReleasedSlot] = []
  /// The allocations that wait for a slab, in the order in which they came.
  var demands: [Demand] = []
  /// The pages that the kernel is to be asked for, in the order in which they are needed.
  var pageRequests: [PageRequest] = []
  /// The slabs that nobody uses any more, which are to be let go of.
  private var dropped: [Slab] = []
  /// Bytes of the next slab.
  var nextSize: Int
  /// Whether a slab is made before there is need of it: until the heap has none to give.
  var growsAhead = true
  private var liveSlots = 0
  /// Bytes of the largest slab that any number of images share.
  private(set) var largestShared: Int
  /// Bytes of the slabs that any number of images share, and what is free of them.
  private var shared = (size: 0, free: 0)

  init(limits: PoolLimits, heapLimit: Int, ledger: SlabLedger) {
    self.ledger = ledger
    self.limits = limits
    self.heapLimit = min(heapLimit, CarvedSlab.largestSize)
    largestShared = Self.largestShared(within: limits, self.heapLimit)
    nextSize = min(limits.firstSlab, largestShared)
  }

  private static func largestShared(within limits: PoolLimits, _ heapLimit: Int) -> Int {
    max(min(limits.largestSlab, heapLimit) / pageSize, 1) * pageSize
  }

  /// Sets other limits, and drops empty slabs that they do not allow.
  mutating func setLimits(_ limits: PoolLimits) {
    self.limits = limits
    largestShared = Self.largestShared(within: limits, heapLimit)
    nextSize = min(max(nextSize, limits.firstSlab), largestShared)
    growsAhead = true
    for place in slabs.indices.reversed() where slabs[place]?.isEmpty == true {
      if ledger.bytes > limits.budget { drop(at: place) }
    }
  }

  /// Who may share the slab of a slot: a slab of its own is for what would waste a shared one, an image
  /// above a quarter of the largest, and one that can begin nowhere but at its start.
  func tenancy(of request: borrowing SlotRequest) -> Tenancy {
    guard request.tenancy == .shared else { return request.tenancy }
    let needsOwn =
      request.size > largestShared / 4 || request.alignment >= largestShared
      || request.sharedSize > largestShared
    return needsOwn ? .alone : .shared
  }

  /// A slot out of the slabs at hand; nil where none has room.
  mutating func carve(_ request: borrowing SlotRequest) -> Slot? {
    let tenancy = tenancy(of: request)
    for place in slabs.indices {
      guard let carved = slabs[place], carved.tenancy == tenancy else { continue }
      if tenancy != .shared {
        guard carved.isEmpty, carved.contents.capacity / 2 <= request.size else { continue }
      }
      if let slot = carve(request, from: carved, at: place) { return slot }
    }
    return nil
  }

  private mutating func carve(
    _ request: borrowing SlotRequest, from carved: CarvedSlab, at place: Int
  ) -> Slot? {
    guard
      let slot = carved.contents.carve(
        request, of: carved, at: place, ahead: limits.prefault, asking: &pageRequests)
    else { return nil }
    liveSlots += 1
    if carved.tenancy == .shared { shared.free -= slot.range.count }
    return slot
  }

  /// Takes in a new slab; answers with a slot of it, where one is asked for.
  mutating func add(_ slab: Slab, for tenancy: Tenancy, carving request: SlotRequest?) -> Slot? {
    let place = slabs.firstIndex { $0 == nil } ?? slabs.endIndex
    if place == slabs.endIndex { slabs.append(nil) }
    let carved = CarvedSlab(slab, for: tenancy)
    slabs[place] = carved
    ledger.add(slab.size)
    if tenancy == .shared {
      shared.size += carved.contents.capacity
      shared.free += carved.contents.capacity
    }
    guard let request else { return nil }
    return carve(request, from: carved, at: place)
  }

  /// Takes back a slot that nobody holds any more.
  ///
  /// - Parameters:
  ///   - fences: What it waits for, if anything.
  ///   - isWritten: Whether it may be that all of it was written.
  mutating func release(
    _ slot: consuming Slot, until fences: [any Fence], isWritten: Bool
  ) {
    let carved = carvedSlab(at: slot.place)
    // The pages of a smaller one were ready before.
    if isWritten && slot.range.count > CarvedSlab.largestReadySlot {
      carved.contents.pages.markReady(slot.range)
    }
    guard !fences.isEmpty else { return free(slot) }
    carved.contents.markWaiting(slot)
    released.append(ReleasedSlot(slot, until: fences))
  }

  /// Frees slots that waited and need not wait any more. Those that somebody else has freed meanwhile
  /// are passed over; answers how many there were.
  mutating func freeReleased(_ slots: [ReleasedSlot]) -> Int {
    let count = liveSlots
    for released in slots { if let slot = released.take() { free(slot) } }
    released.removeAll(where: \.isTaken)
    return count - liveSlots
  }

  private mutating func free(_ slot: consuming Slot) {
    let place = slot.place
    let carved = carvedSlab(at: place)
    if carved.tenancy == .shared { shared.free += slot.range.count }
    carved.contents.free(slot)
    liveSlots -= 1
    switch carved.tenancy {
    case .shared: break
    case .alone: dropIdleSlabs()
    case .exported: drop(at: place)
    }
  }

  private func carvedSlab(at place: Int) -> CarvedSlab {
    guard let carved = slabs[place] else {
      preconditionFailure("a slab was dropped while a slot of it lived")
    }
    return carved
  }
}

extension SlabSet {
  /// Bytes of all slabs.
  var slabBytes: Int { sum { $0.slab.size } }
  /// Bytes of the slabs that hold nothing.
  var emptyBytes: Int { sum { $0.isEmpty ? $0.slab.size : 0 } }
  /// Bytes that have memory.
  var residentBytes: Int { sum(\.resident) }

  /// Whether so little is left of the slabs that any number of images share that there should be one
  /// more.
  var isNearlyFull: Bool { shared.size > 0 && shared.free < nextSize / 8 }

  private func sum(_ bytes: (CarvedSlab) -> Int) -> Int {
    slabs.reduce(0) { $0 + ($1.map(bytes) ?? 0) }
  }

  /// Whether there are slabs to let go of.
  var hasDropped: Bool { !dropped.isEmpty }

  /// The slabs to let go of, outside of the lock.
  mutating func takeDropped() -> [Slab] {
    defer { dropped = [] }
    return dropped
  }

  /// Drops slabs that hold nothing, the latest first, until at most `bytes` have memory; all of them
  /// for 0. Answers how many bytes of memory that were.
  @discardableResult
  mutating func dropEmptySlabs(untilResident bytes: Int = 0) -> Int {
    let before = residentBytes
    for place in slabs.indices.reversed() where slabs[place]?.isEmpty == true {
      guard bytes == 0 || residentBytes > bytes else { break }
      drop(at: place)
    }
    return before - residentBytes
  }

  /// Takes free pages out of the slabs, the latest first, until at most `bytes` will have memory.
  func takeFreePages(untilResident bytes: Int) -> [FreePages] {
    var excess = residentBytes - bytes
    var taken: [FreePages] = []
    for case let carved? in slabs.reversed() where excess > 0 {
      let pages = carved.contents.takeFreePages(of: carved.slab, atLeast: excess)
      excess -= pages.reduce(0) { $0 + carved.contents.pages.resident(in: $1.range) }
      taken += pages
    }
    return taken
  }

  /// Takes them back in; answers how many bytes of memory the system got.
  func putBack(_ pages: FreePages, areGivenBack: Bool) -> Int {
    guard let carved = slabs.lazy.compactMap(\.self).first(where: { $0.slab === pages.slab })
    else { preconditionFailure("a slab was dropped while pages of it were on their way") }
    return carved.contents.putBack(pages, areGivenBack: areGivenBack)
  }

  /// Drops the oldest of the slabs that wait for one image of their size, down to twice the bytes of the
  /// largest that the pool shares: the next photograph finds warm pages, also while the GPU has the one before,
  /// and sizes that never come back do not pile up.
  private mutating func dropIdleSlabs() {
    let idle = slabs.indices.filter { slabs[$0]?.tenancy == .alone && slabs[$0]?.isEmpty == true }
    var excess = idle.reduce(-2 * max(largestShared, limits.largestSlab)) {
      $0 + carvedSlab(at: $1).slab.size
    }
    for place in idle.sorted(by: { carvedSlab(at: $0).start < carvedSlab(at: $1).start })
    where excess > 0 {
      excess -= carvedSlab(at: place).slab.size
      drop(at: place)
    }
  }

  private mutating func drop(at place: Int) {
    let carved = carvedSlab(at: place)
    slabs[place] = nil
    ledger.add(-carved.slab.size)
    pageRequests.removeAll { $0.slab === carved.slab }
    dropped.append(carved.slab)
    if carved.tenancy == .shared {
      shared.size -= carved.contents.capacity
      shared.free -= carved.contents.capacity
    }
  }

  func snapshot(at now: ContinuousClock.Instant) -> [PoolSnapshot.Slab] {
    slabs.compactMap { $0?.snapshot(at: now) }
  }

  var statistics: PoolStatistics {
    PoolStatistics(
      slabs: slabs.count { $0 != nil }, slabBytes: slabBytes, residentBytes: residentBytes,
      slots: liveSlots, slotBytes: sum { $0.contents.allocated }, waitingSlots: released.count)
  }
}

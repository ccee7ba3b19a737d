/// The slabs of a pool, and the slots that wait to come back to them. No lock, no system call, no
/// question to a fence: its owner has those.
struct SlabSet {
  private let limits: PoolLimits
  private var slabs: [CarvedSlab] = []
  /// The slots that wait, in the order in which they were released.
  private(set) var released: [ReleasedSlot] = []
  private var nextSize: Int
  private var liveSlots = 0

  init(limits: PoolLimits) {
    self.limits = limits
    nextSize = limits.firstSlab
  }

  /// A slot, and the pages to make ready for it and for those to come.
  typealias CarvedSlot = (slot: Slot, coldPages: [Range<Int>])

  /// A slot out of the slabs at hand; nil where none has room.
  mutating func carve(_ request: SlotRequest) -> CarvedSlot? {
    for carved in slabs {
      guard let slot = carved.carve(request) else { continue }
      liveSlots += 1
      return (slot, carved.pagesToPopulate(for: slot.range, ahead: limits.prefault))
    }
    return nil
  }

  /// Bytes of a new slab for this slot and, where they may share it and the budget has them, for others.
  func sizeOfNextSlab(for request: SlotRequest) -> Int {
    let size = request.slabSize
    guard request.tenancy == .shared else { return size }
    let left = (limits.budget - slabBytes) / pageSize * pageSize
    return max(size, min(max(nextSize, size.roundedUpToPowerOfTwo), left))
  }

  mutating func add(_ slab: Slab, for tenancy: Tenancy) {
    slabs.append(CarvedSlab(slab, for: tenancy))
    if tenancy == .shared { nextSize = min(max(nextSize, slab.size) * 2, limits.largestSlab) }
  }

  /// Takes back a slot that devices may still use.
  mutating func append(_ slot: ReleasedSlot) {
    released.append(slot)
  }

  /// Frees slots that waited and need not wait any more. Those that somebody else has freed meanwhile
  /// are passed over.
  mutating func freeReleased(_ slots: [Slot]) {
    for slot in slots { free(slot) }
    released.removeAll(where: \.slot.isFree)
  }

  /// Frees a slot, once.
  mutating func free(_ slot: Slot) {
    guard let lease = slot.takeLease() else { return }
    let carved = carvedSlab(of: slot)
    carved.free(slot, lease)
    liveSlots -= 1
    switch carved.tenancy {
    case .shared: break
    case .alone: dropIdleSlabs()
    case .exported: slabs.removeAll { $0 === carved }
    }
  }

  /// Forgets the slabs that hold nothing; answers whether there were any.
  mutating func dropEmptySlabs() -> Bool {
    let count = slabs.count
    slabs.removeAll { $0.allocated == 0 }
    return slabs.count < count
  }

  /// Bytes of all slabs.
  var slabBytes: Int { slabs.reduce(0) { $0 + $1.slab.size } }

  /// Gives back memory that no slot uses until at most `bytes` have pages: empty slabs first, then the
  /// free pages of the others; answers how many bytes.
  mutating func trim(to bytes: Int) -> Int {
    let before = residentBytes
    var excess: Int { residentBytes - bytes }
    while excess > 0, let empty = slabs.lastIndex(where: { $0.allocated == 0 }) {
      slabs.remove(at: empty)
    }
    for carved in slabs.reversed() where excess > 0 { carved.giveBack(atLeast: excess) }
    return before - residentBytes
  }

  private var residentBytes: Int { slabs.reduce(0) { $0 + $1.resident } }

  func snapshot(at now: ContinuousClock.Instant) -> [PoolSnapshot.Slab] {
    let waiting = Set(released.map { ObjectIdentifier($0.slot) })
    return slabs.map { $0.snapshot(at: now, waiting: waiting) }
  }

  var statistics: PoolStatistics {
    PoolStatistics(
      slabs: slabs.count, slabBytes: slabBytes, residentBytes: residentBytes,
      slots: liveSlots, slotBytes: slabs.reduce(0) { $0 + $1.allocated },
      waitingSlots: released.count)
  }

  /// Forgets the oldest of the slabs that wait for one image of their size, down to the bytes of the
  /// largest shared one: the next image of such a size finds warm pages, and sizes that never come
  /// back do not pile up.
  private mutating func dropIdleSlabs() {
    func isIdle(_ carved: CarvedSlab) -> Bool { carved.tenancy == .alone && carved.allocated == 0 }
    var idle = slabs.reduce(0) { $0 + (isIdle($1) ? $1.slab.size : 0) }
    slabs.removeAll { carved in
      guard isIdle(carved), idle > limits.largestSlab else { return false }
      idle -= carved.slab.size
      return true
    }
  }

  private func carvedSlab(of slot: Slot) -> CarvedSlab {
    guard let carved = slabs.first(where: { $0.slab === slot.slab }) else {
      preconditionFailure("a slab was dropped while a slot of it lived")
    }
    return carved
  }
}

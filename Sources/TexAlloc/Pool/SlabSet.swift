/// The slabs of a pool, and the slots that wait to come back to them. No lock and no system call:
/// its owner has those.
struct SlabSet {
  /// A slot that nobody holds any more, but that a device may still use.
  private struct Released {
    let slot: Slot
    let fences: [any Fence]
  }

  private let limits: PoolLimits
  private var slabs: [CarvedSlab] = []
  private var released: [Released] = []
  private var nextSize: Int
  private var liveSlots = 0

  init(limits: PoolLimits) {
    self.limits = limits
    nextSize = limits.firstSlab
  }

  /// A slot out of the slabs at hand; nil where none has room.
  mutating func carve(_ request: SlotRequest) -> Slot? {
    for carved in slabs {
      if let slot = carved.carve(request) {
        liveSlots += 1
        return slot
      }
    }
    return nil
  }

  /// Bytes of a new slab for this slot and, where they may share it, for others.
  func sizeOfNextSlab(for request: SlotRequest) -> Int {
    let size = request.slabSize
    return request.tenancy == .shared ? max(nextSize, size.roundedUpToPowerOfTwo) : size
  }

  mutating func add(_ slab: Slab, for tenancy: Tenancy) {
    slabs.append(CarvedSlab(slab, for: tenancy))
    if tenancy == .shared { nextSize = min(max(nextSize, slab.size) * 2, limits.largestSlab) }
  }

  /// Takes back a slot that may be used again when the fences have passed.
  mutating func release(_ slot: Slot, after fences: [any Fence]) {
    let pending = fences.filter { !$0.hasPassed }
    if pending.isEmpty {
      free(slot)
    } else {
      released.append(Released(slot: slot, fences: pending))
    }
  }

  /// Frees the slots whose fences have passed; answers whether there were any.
  mutating func reclaim() -> Bool {
    let passed = released.partition { $0.fences.allSatisfy(\.hasPassed) }
    defer { released.removeSubrange(passed...) }
    for released in released[passed...] { free(released.slot) }
    return passed < released.endIndex
  }

  /// Forgets the slabs that hold nothing; answers whether there were any.
  mutating func dropEmptySlabs() -> Bool {
    let count = slabs.count
    slabs.removeAll { $0.allocated == 0 }
    return slabs.count < count
  }

  /// The pages to make ready after a slot was carved.
  func pagesToPopulate(after slot: Slot) -> Range<Int>? {
    carvedSlab(of: slot).pagesToPopulate(ahead: limits.prefault)
  }

  var statistics: PoolStatistics {
    PoolStatistics(
      slabs: slabs.count, slabBytes: slabs.reduce(0) { $0 + $1.slab.size },
      slots: liveSlots, slotBytes: slabs.reduce(0) { $0 + $1.allocated },
      waitingSlots: released.count)
  }

  private mutating func free(_ slot: Slot) {
    guard let lease = slot.takeLease() else { return }
    let carved = carvedSlab(of: slot)
    carved.free(lease)
    liveSlots -= 1
    switch carved.tenancy {
    case .shared: break
    case .alone: dropIdleSlabs()
    case .exported: slabs.removeAll { $0 === carved }
    }
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

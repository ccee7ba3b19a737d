internal import Dispatch
internal import Synchronization

/// The slabs of one heap behind one lock: grows them, has their pages made ready off the hot path,
/// and takes slots back from any thread.
final class SlabStore: Sendable {
  let heap: any Heap
  /// What the heap that gave the memory is called, whoever made the slabs for it.
  let heapName: String
  /// Whether some device that uses the memory sees the CPU's writes only when told of them. Telling
  /// it waits for every fence on the whole slab, so every image then has a slab of its own.
  let isSynchronized: Bool
  let observers = SlabObservers()
  private let limits: PoolLimits
  private let slabs: Mutex<SlabSet>
  /// How many slots wait; who finds none need not take the lock to look for them.
  private let waitingCount = Atomic(0)
  let populating = DispatchQueue(label: "TexAlloc.SlabStore.populating", qos: .utility)

  init(heap: any Heap, limits: PoolLimits, isSynchronized: Bool = false) {
    self.heap = heap
    heapName = heap.name
    self.limits = limits
    self.isSynchronized = isSynchronized
    slabs = Mutex(SlabSet(limits: limits))
  }

  /// Nobody can ask for a slot any more, so none has to wait for its fences: devices keep the memory
  /// that they still use.
  deinit { slabs.withLock { $0.freeReleased($0.released.map(\.slot)) } }

  var statistics: PoolStatistics { slabs.withLock { $0.statistics } }

  /// Memory for an image of this layout, which begins at a multiple of `alignment` in its slab.
  func makeBuffer(
    _ layout: ImageLayout, alignment: Int, _ flags: AllocationFlags, _ waiting: Waiting,
    label: SlotLabel
  ) throws(AllocationError) -> TextureBuffer {
    let slot = try allocate(try request(layout.size, alignment, flags.tenancy, label), waiting)
    if slot.request.tenancy != .shared { slot.slab.name(label.name) }
    let buffer = TextureBuffer(
      name: label.name, layout: layout, in: PooledMemory(slot: slot, store: self),
      at: slot.range.lowerBound)
    if flags.contains(.zeroed) && !slot.isFresh { buffer.fillWithZeroes() }
    return buffer
  }

  /// Memory for trying out an image of this layout, not at the start of its slab unless its alignment
  /// leaves no other place.
  func makeTrial(_ layout: ImageLayout, alignment: Int) throws(AllocationError) -> TextureBuffer {
    let shift = alignment < limits.largestSlab ? alignment : 0
    let label = SlotLabel(name: "trial", owner: heapName)
    let slot = try allocate(try request(layout.size + shift, alignment, .shared, label), .never)
    return TextureBuffer(
      name: "trial", layout: layout, in: PooledMemory(slot: slot, store: self),
      at: slot.range.lowerBound + shift)
  }

  /// Takes back a slot that may be used again when the fences have passed.
  func release(_ slot: Slot, after fences: [any Fence]) {
    let pending = fences.filter { !$0.hasPassed }
    slabs.withLock { slabs in
      guard !pending.isEmpty else { return slabs.free(slot) }
      slabs.append(ReleasedSlot(slot: slot, fences: pending))
      waitingCount.store(slabs.released.count, ordering: .relaxed)
    }
  }

  /// Gives memory back to the system that no image uses; answers how many bytes.
  func trim(to bytes: Int) -> Int {
    let passed = passedSlots()
    return slabs.withLock { slabs in
      free(passed, in: &slabs)
      return slabs.trim(to: bytes)
    }
  }

  var snapshot: PoolSnapshot {
    slabs.withLock { PoolSnapshot(heap: heapName, slabs: $0.snapshot(at: .now)) }
  }

  private func request(
    _ size: Int, _ alignment: Int, _ tenancy: Tenancy, _ label: SlotLabel
  ) throws(AllocationError) -> SlotRequest {
    try SlotRequest(
      size: size, alignment: alignment,
      tenancy: isSynchronized && tenancy == .shared ? .alone : tenancy, label: label,
      limits: limits)
  }

  private func allocate(
    _ request: SlotRequest, _ waiting: Waiting
  ) throws(AllocationError) -> Slot {
    while true {
      do throws(AllocationError) {
        return try allocate(request)
      } catch {
        guard case .until(let deadline) = waiting, request.slabSize <= limits.budget,
          ContinuousClock.now < deadline
        else { throw error }
        guard let next = slabs.withLock({ $0.released.first }) else {
          return try allocate(request)  // what waited may have come back meanwhile
        }
        // Whatever waits behind it may pass sooner.
        _ = next.wait(until: min(deadline, .now + Self.timeBetweenLooks))
      }
    }
  }

  private static let timeBetweenLooks = Duration.milliseconds(5)

  private func allocate(_ request: SlotRequest) throws(AllocationError) -> Slot {
    let passed = passedSlots(patience: Self.patience)  // what was used before is warm
    let carved = slabs.withLock { slabs in
      free(passed, in: &slabs)
      return slabs.carve(request)
    }
    let (slot, coldPages) = if let carved { carved } else { try carveGrowing(request) }
    if !coldPages.isEmpty {
      populating.async { for pages in coldPages { slot.slab.populate(pages) } }
    }
    observers.renew(slot)
    return slot
  }

  /// How many slots that still wait an allocation looks at before it takes others.
  private static let patience = 4

  /// The slots that need not wait any more, the oldest first. A fence may be the application's own,
  /// and may itself need the pool, so it is asked outside of the lock.
  ///
  /// - Parameter patience: After so many that still wait, no more are looked at.
  private func passedSlots(patience: Int = .max) -> [Slot] {
    guard waitingCount.load(ordering: .relaxed) > 0 else { return [] }
    var passed: [Slot] = []
    var pending = 0
    for released in slabs.withLock({ $0.released }) where pending < patience {
      if released.hasPassed { passed.append(released.slot) } else { pending += 1 }
    }
    return passed
  }

  private func free(_ passed: [Slot], in slabs: inout SlabSet) {
    guard !passed.isEmpty else { return }
    slabs.freeReleased(passed)
    waitingCount.store(slabs.released.count, ordering: .relaxed)
  }

  /// A slot of whatever came back by now, or else of a new slab.
  private func carveGrowing(
    _ request: SlotRequest
  ) throws(AllocationError) -> SlabSet.CarvedSlot {
    let passed = passedSlots()
    return try slabs.withLock { slabs throws(AllocationError) in
      free(passed, in: &slabs)
      if let carved = slabs.carve(request) { return carved }
      return try grow(&slabs, for: request)
    }
  }

  private func grow(
    _ slabs: inout SlabSet, for request: SlotRequest
  ) throws(AllocationError) -> SlabSet.CarvedSlot {
    func fits(_ wanted: Int) -> Bool { wanted <= limits.budget - slabs.slabBytes }
    var wanted = slabs.sizeOfNextSlab(for: request)
    if !fits(wanted), slabs.dropEmptySlabs() { wanted = slabs.sizeOfNextSlab(for: request) }
    guard fits(wanted) else {
      throw .budget(wanted: wanted, allocated: slabs.slabBytes, limit: limits.budget)
    }
    do throws(AllocationError) {
      slabs.add(try makeSlab(of: wanted), for: request.tenancy)
    } catch {
      guard slabs.dropEmptySlabs() else { throw error }
      slabs.add(try makeSlab(of: wanted), for: request.tenancy)
    }
    guard let carved = slabs.carve(request) else {
      preconditionFailure("a fresh slab of \(wanted) bytes has no room for \(request.size)")
    }
    return carved
  }

  /// A slab with which the calls that synchronize it were tried, so that they fail here or never.
  private func makeSlab(of size: Int) throws(AllocationError) -> Slab {
    do {
      let slab = try heap.makeSlab(of: size)
      if isSynchronized {
        try slab.beginCPUAccess(for: [.sequentialWrite])
        try slab.endCPUAccess(for: [.sequentialWrite])
      }
      observers.add(slab)
      return slab
    } catch {
      throw .heap(error)
    }
  }
}

internal import Synchronization

/// The slabs of one heap behind one lock: takes slots from them and back, from any thread. What calls
/// the heap or the kernel is done outside of the lock, and by the pool's thread where nobody is to wait
/// for it.
final class SlabStore: Sendable {
  let heap: any Heap
  /// What the heap that gave the memory is called, whoever made the slabs for it.
  let heapName: String
  /// Whether some device that uses the memory sees the CPU's writes only when told of them. Telling
  /// it waits for every fence on the whole slab, so every image then has a slab of its own.
  let isSynchronized: Bool
  /// What the mappings of its memory let the CPU do.
  let cpuUsage: Set<CPUUsage>
  let observers: SlabObservers
  let slabs: Mutex<SlabSet>
  let thread = PoolThread()
  /// How many slots wait; who finds none need not take the lock to look for them.
  private let waitingCount = Atomic(0)

  /// - Parameters:
  ///   - observers: The pool's.
  ///   - ledger: Of all stores that share the budget.
  init(
    heap: any Heap, limits: PoolLimits, isSynchronized: Bool, observers: SlabObservers,
    ledger: SlabLedger
  ) {
    let attributes = heap.attributes
    self.observers = observers
    cpuUsage = heap.cpuUsage
    self.heap = heap
    self.isSynchronized = isSynchronized
    heapName = attributes.name
    let largest = min(attributes.maxSize ?? .max, heap.largestSharedSlab ?? .max)
    slabs = Mutex(SlabSet(limits: limits, heapLimit: largest, ledger: ledger))
  }

  /// Nobody can ask for a slot any more, so none has to wait for its fences: devices keep the memory
  /// that they still use.
  deinit {
    thread.close()
    slabs.withLock { _ = $0.freeReleased($0.released) }
  }

  var statistics: PoolStatistics { slabs.withLock { $0.statistics } }
  var snapshot: [PoolSnapshot.Slab] { slabs.withLock { $0.snapshot(at: .now) } }

  var limits: PoolLimits {
    get { slabs.withLock { $0.limits } }
    set { perform { $0.setLimits(newValue) } }
  }

  /// Memory for an image that is laid out by a plan of this store.
  func makeBuffer(
    _ image: ImageDescriptor, _ flags: AllocationFlags, _ label: SlotLabel, _ waiting: Waiting,
    by plan: ImagePlan
  ) throws(AllocationError) -> TextureBuffer {
    let (layout, alignment) = try plan.layOut(image)
    let request = try request(layout.size, alignment, flags.tenancy, label)
    return buffer(in: try allocate(request, waiting), for: request, layout, flags, plan)
  }

  /// The same without holding a thread while it waits.
  func makeBuffer(
    _ image: ImageDescriptor, _ flags: AllocationFlags, _ label: SlotLabel, _ waiting: Waiting,
    by plan: ImagePlan
  ) async throws(AllocationError) -> TextureBuffer {
    let (layout, alignment) = try plan.layOut(image)
    let request = try request(layout.size, alignment, flags.tenancy, label)
    return buffer(in: try await allocate(request, waiting), for: request, layout, flags, plan)
  }

  /// Memory of the same heap for trying out an image, outside of the budget.
  func makeTrial(
    of layout: ImageLayout, alignment: Int
  ) throws(AllocationError) -> TextureBuffer {
    try TrialMemory.makeBuffer(
      layout, alignment: alignment, from: heap, isSynchronized: isSynchronized)
  }

  private func request(
    _ size: Int, _ alignment: Int, _ tenancy: Tenancy, _ label: SlotLabel
  ) throws(AllocationError) -> SlotRequest {
    guard size <= CarvedSlab.largestSize else {
      throw .tooLarge(size: size, limit: CarvedSlab.largestSize)
    }
    return SlotRequest(
      size: size, alignment: alignment,
      tenancy: isSynchronized && tenancy == .shared ? .alone : tenancy, label: label)
  }

  private func buffer(
    in slot: consuming Slot, for request: SlotRequest, _ layout: ImageLayout,
    _ flags: AllocationFlags, _ plan: ImagePlan
  ) -> TextureBuffer {
    let (slab, range, isZero) = (slot.slab, slot.range, slot.isZero)
    observers.renew(range, of: slab)
    if request.tenancy != .shared { slab.name(request.label.name) }
    let memory = PooledMemory(
      by: plan, slab: slab, alignment: UInt32(clamping: request.alignment),
      isExportable: request.tenancy == .exported)
    let buffer = TextureBuffer(
      name: request.label.name, layout: layout, in: memory, at: range.lowerBound, slot: slot,
      isKept: plan.isKept || !flags.isDisjoint(with: .kept))
    if flags.contains(.zeroed) && !isZero { buffer.fillWithZeroes() }
    return buffer
  }

  /// Has the first pages made ready of a range that somebody is about to write.
  ///
  /// - Returns: How many bytes further on this is to be asked again; nil where all are ready.
  func makeReady(_ range: Range<Int>, of slab: Slab) -> Int? {
    perform { $0.requestPages(aheadOf: range, of: slab) }
  }

  /// Takes back a slot that may be used again when the fences have passed.
  ///
  /// - Parameter isWritten: Whether it may be that all of it was written.
  func release(_ slot: consuming Slot, after fences: [any Fence], isWritten: Bool) {
    let pending = fences.isEmpty ? fences : fences.filter { !$0.hasPassed }
    var slot: Slot? = slot
    perform { slabs in
      guard let slot = slot.take() else { return }
      slabs.release(slot, until: pending, isWritten: isWritten)
      if heap.isLost { slabs.dropEmptySlabs() }
    }
  }

  /// Takes back the slots whose fences have passed; answers how many.
  @discardableResult
  func collect() -> Int {
    let passed = passedSlots()
    return perform { slabs in
      let count = slabs.freeReleased(passed)
      if heap.isLost { slabs.dropEmptySlabs() }
      return count
    }
  }

  /// Gives memory back to the system that no image uses; answers how many bytes.
  func trim(to bytes: Int) -> Int {
    collect()
    var count = 0
    // They go at the end.
    let (dropped, pages) = slabs.withLock { slabs in
      slabs.cancelPageRequests()
      count = slabs.dropEmptySlabs(untilResident: bytes)
      return (slabs.takeDropped(), slabs.takeFreePages(untilResident: bytes))
    }
    for pages in pages {
      let isDone = pages.slab.giveBack(pages.range)
      count += perform { $0.putBack(pages, areGivenBack: isDone) }
    }
    return withExtendedLifetime(dropped) { count }
  }

  /// The slots that need not wait any more, the oldest first. A fence may be the application's own,
  /// and may itself need the pool, so it is asked outside of the lock.
  ///
  /// - Parameter patience: After so many that still wait, no more are looked at.
  func passedSlots(patience: Int = .max) -> [ReleasedSlot] {
    guard waitingCount.load(ordering: .relaxed) > 0 else { return [] }
    var passed: [ReleasedSlot] = []
    var pending = 0
    for released in slabs.withLock({ $0.released }) where pending < patience {
      if released.hasPassed { passed.append(released) } else { pending += 1 }
    }
    return passed
  }

  /// Changes the slabs under the lock, and has the work done that comes of it.
  @inline(__always)
  func perform<Result: ~Copyable>(_ body: (inout sending SlabSet) -> sending Result) -> Result {
    var hasWork = false
    let result = slabs.withLock { slabs in
      let result = body(&slabs)
      waitingCount.store(slabs.released.count, ordering: .relaxed)
      hasWork = slabs.hasWork
      return result
    }
    if hasWork { thread.wake(for: self) }
    return result
  }
}

internal import Dispatch
internal import Synchronization

/// The slabs of one heap behind one lock: grows them, has their pages made ready off the hot path,
/// and takes slots back from any thread.
final class SlabStore: Sendable {
  let heap: any Heap
  /// Whether some device that uses the memory sees the CPU's writes only when told of them. Telling
  /// it waits for every fence on the whole slab, so every image then has a slab of its own.
  let isSynchronized: Bool
  private let limits: PoolLimits
  private let slabs: Mutex<SlabSet>
  private let populating = DispatchQueue(label: "TexAlloc.SlabStore.populating", qos: .utility)

  init(heap: any Heap, limits: PoolLimits, isSynchronized: Bool = false) {
    self.heap = heap
    self.limits = limits
    self.isSynchronized = isSynchronized
    slabs = Mutex(SlabSet(limits: limits))
  }

  /// Nobody can ask for a slot any more, so none has to wait for its fences: devices keep the memory
  /// that they still use.
  deinit { slabs.withLock { $0.abandonReleased() } }

  var statistics: PoolStatistics { slabs.withLock { $0.statistics } }

  /// Memory for an image of this layout, which begins at a multiple of `alignment` in its slab.
  func makeBuffer(
    _ layout: ImageLayout, alignment: Int, _ flags: AllocationFlags, _ waiting: Waiting,
    label: SlotLabel
  ) throws(AllocationError) -> TextureBuffer {
    let slot = try allocate(request(layout.size, alignment, flags.tenancy, label), waiting)
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
    let label = SlotLabel(name: "trial", owner: heap.name)
    let slot = try allocate(request(layout.size + shift, alignment, .shared, label), .never)
    return TextureBuffer(
      name: "trial", layout: layout, in: PooledMemory(slot: slot, store: self),
      at: slot.range.lowerBound + shift)
  }

  /// Takes back a slot that may be used again when the fences have passed.
  func release(_ slot: Slot, after fences: [any Fence]) {
    slabs.withLock { $0.release(slot, after: fences) }
  }

  /// Gives memory back to the system that no image uses; answers how many bytes.
  func trim(to bytes: Int) -> Int {
    slabs.withLock { $0.trim(to: bytes) }
  }

  var snapshot: PoolSnapshot {
    slabs.withLock { PoolSnapshot(heap: heap.name, slabs: $0.snapshot(at: .now)) }
  }

  private func request(
    _ size: Int, _ alignment: Int, _ tenancy: Tenancy, _ label: SlotLabel
  ) -> SlotRequest {
    SlotRequest(
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
          let fence = slabs.withLock({ $0.firstPendingFence }), fence.wait(until: deadline)
        else { throw error }
      }
    }
  }

  private func allocate(_ request: SlotRequest) throws(AllocationError) -> Slot {
    let (slot, pages) = try slabs.withLock { slabs throws(AllocationError) in
      let slot = try carve(request, from: &slabs)
      return (slot, slabs.pagesToPopulate(after: slot))
    }
    if !pages.isEmpty { populating.async { for range in pages { slot.slab.populate(range) } } }
    return slot
  }

  private func carve(
    _ request: SlotRequest, from slabs: inout SlabSet
  ) throws(AllocationError) -> Slot {
    slabs.reclaim()  // what was used before is warm
    if let slot = slabs.carve(request) { return slot }

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
    guard let slot = slabs.carve(request) else {
      preconditionFailure("a fresh slab of \(wanted) bytes has no room for \(request.size)")
    }
    return slot
  }

  /// A slab with which the calls that synchronize it were tried, so that they fail here or never.
  private func makeSlab(of size: Int) throws(AllocationError) -> Slab {
    do {
      let slab = try heap.makeSlab(of: size)
      if isSynchronized {
        try slab.beginCPUAccess(for: [.sequentialWrite])
        try slab.endCPUAccess(for: [.sequentialWrite])
      }
      return slab
    } catch {
      throw .heap(error)
    }
  }
}

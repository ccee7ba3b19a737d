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

  var statistics: PoolStatistics { slabs.withLock { $0.statistics } }

  /// Memory for an image of this layout, which begins at a multiple of `alignment` in its slab.
  func makeBuffer(
    _ layout: ImageLayout, alignment: Int, _ flags: AllocationFlags, named name: String
  ) throws(AllocationError) -> TextureBuffer {
    let slot = try allocate(layout.size, alignment: alignment, flags.tenancy)
    let buffer = TextureBuffer(
      name: name, layout: layout, in: PooledMemory(slot: slot, store: self),
      at: slot.range.lowerBound)
    if flags.contains(.zeroed) && !slot.isFresh { buffer.fillWithZeroes() }
    return buffer
  }

  /// Memory for trying out an image of this layout, not at the start of its slab unless its alignment
  /// leaves no other place.
  func makeTrial(_ layout: ImageLayout, alignment: Int) throws(AllocationError) -> TextureBuffer {
    let shift = alignment < limits.largestSlab ? alignment : 0
    let slot = try allocate(layout.size + shift, alignment: alignment, .shared)
    return TextureBuffer(
      name: "trial", layout: layout, in: PooledMemory(slot: slot, store: self),
      at: slot.range.lowerBound + shift)
  }

  /// Takes back a slot that may be used again when the fences have passed.
  func release(_ slot: Slot, after fences: [any Fence]) {
    slabs.withLock { $0.release(slot, after: fences) }
  }

  private func allocate(
    _ size: Int, alignment: Int, _ tenancy: Tenancy
  ) throws(AllocationError) -> Slot {
    let tenancy = isSynchronized && tenancy == .shared ? .alone : tenancy
    let request = SlotRequest(size: size, alignment: alignment, tenancy: tenancy, limits: limits)
    let (slot, pages) = try slabs.withLock { slabs throws(AllocationError) in
      let slot = try carve(request, from: &slabs)
      return (slot, slabs.pagesToPopulate(after: slot))
    }
    if let pages { populating.async { slot.slab.populate(pages) } }
    return slot
  }

  private func carve(
    _ request: SlotRequest, from slabs: inout SlabSet
  ) throws(AllocationError) -> Slot {
    if let slot = slabs.carve(request) { return slot }
    if slabs.reclaim(), let slot = slabs.carve(request) { return slot }

    let wanted = slabs.sizeOfNextSlab(for: request)
    func fits() -> Bool { wanted <= limits.budget - slabs.statistics.slabBytes }
    guard fits() || (slabs.dropEmptySlabs() && fits()) else {
      throw .budget(
        wanted: wanted, allocated: slabs.statistics.slabBytes, limit: limits.budget)
    }
    slabs.add(try makeSlab(of: wanted), for: request.tenancy)
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

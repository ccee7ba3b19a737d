internal import Dispatch
internal import Synchronization

/// The slabs of one heap behind one lock: grows them, has their pages made ready off the hot path,
/// and takes slots back from any thread.
final class SlabStore: Sendable {
  let heap: any Heap
  private let limits: PoolLimits
  private let slabs: Mutex<SlabSet>
  private let populating = DispatchQueue(label: "TexAlloc.SlabStore.populating", qos: .utility)

  init(heap: any Heap, limits: PoolLimits) {
    self.heap = heap
    self.limits = limits
    slabs = Mutex(SlabSet(limits: limits))
  }

  var statistics: PoolStatistics { slabs.withLock { $0.statistics } }

  /// Memory for an image of this layout, which begins at a multiple of `alignment` in its slab.
  func makeBuffer(
    _ layout: ImageLayout, alignment: Int, named name: String
  ) throws(AllocationError) -> TextureBuffer {
    let slot = try allocate(layout.size, alignment: alignment)
    return TextureBuffer(
      name: name, layout: layout, in: slot, at: slot.range.lowerBound, of: self)
  }

  /// Memory for trying out an image of this layout, surely not at the start of its slab.
  func makeTrial(_ layout: ImageLayout, alignment: Int) throws(AllocationError) -> TextureBuffer {
    let slot = try allocate(layout.size + alignment, alignment: alignment)
    return TextureBuffer(
      name: "trial", layout: layout, in: slot, at: slot.range.lowerBound + alignment, of: self)
  }

  /// A slot of at least `size` bytes that begins at a multiple of `alignment` in its slab.
  private func allocate(_ size: Int, alignment: Int) throws(AllocationError) -> Slot {
    let (slot, pages) = try slabs.withLock { slabs throws(AllocationError) in
      let slot = try carve(size, alignment: alignment, from: &slabs)
      return (slot, slabs.pagesToPopulate(after: slot))
    }
    if let pages { populating.async { slot.slab.populate(pages) } }
    return slot
  }

  /// Takes back a slot that may be used again when the fences have passed.
  func release(_ slot: Slot, after fences: [any Fence]) {
    slabs.withLock { $0.release(slot, after: fences) }
  }

  private func carve(
    _ size: Int, alignment: Int, from slabs: inout SlabSet
  ) throws(AllocationError) -> Slot {
    if let slot = slabs.carve(size, alignment: alignment) { return slot }
    if slabs.reclaim(), let slot = slabs.carve(size, alignment: alignment) { return slot }

    let wanted = slabs.sizeOfNextSlab(for: size + (alignment > pageSize ? alignment : 0))
    func fits() -> Bool { wanted <= limits.budget - slabs.statistics.slabBytes }
    guard fits() || (slabs.dropEmptySlabs() && fits()) else {
      throw .budget(
        wanted: wanted, allocated: slabs.statistics.slabBytes, limit: limits.budget)
    }
    do {
      slabs.add(try heap.makeSlab(of: wanted), for: size)
    } catch {
      throw .heap(error)
    }
    guard let slot = slabs.carve(size, alignment: alignment) else {
      preconditionFailure("a fresh slab of \(wanted) bytes has no room for \(size)")
    }
    return slot
  }
}

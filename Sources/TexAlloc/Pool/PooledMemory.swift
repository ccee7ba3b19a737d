internal import SystemPackage

/// A slot of a slab, which goes back to its store.
struct PooledMemory: BufferMemory {
  let slot: Slot
  let store: SlabStore

  var heap: String? { slot.slab.heap }
  var caching: Caching? { slot.slab.caching }
  var descriptor: FileDescriptor? { slot.slab.descriptor }
  var size: Int { slot.slab.size }
  var cpuUsage: Set<CPUUsage> { [.read, .sequentialWrite] }
  var isExportable: Bool { slot.request.tenancy == .exported }

  @unsafe func bytes(in range: Range<Int>) -> UnsafeMutableRawBufferPointer {
    precondition(slot.range.contains(range.lowerBound) && range.upperBound <= slot.range.upperBound)
    return unsafe slot.slab.bytes(in: range)
  }

  func beginAccess(for usage: Set<CPUUsage>) -> CPUAccess? {
    guard store.isSynchronized else { return nil }
    let slab = slot.slab
    return CPUAccess { () throws(SystemFailure) in
      try slab.beginCPUAccess(for: usage)
    } endingWith: { () throws(SystemFailure) in
      try slab.endCPUAccess(for: usage)
    }
  }

  func makeTrial(
    of layout: ImageLayout, at offset: Int
  ) throws(AllocationError) -> TextureBuffer? {
    try store.makeTrial(layout, alignment: slot.request.alignment)
  }

  func release(after fences: [any Fence]) {
    store.release(slot, after: fences)
  }
}

internal import Synchronization
internal import SystemPackage

/// What the pool's thread does.
extension SlabStore {
  /// Does the next piece of what there is to do; answers whether there was any.
  func doNext() -> Bool {
    guard let work = slabs.withLock({ $0.nextWork() }) else { return false }
    switch work {
    case .letGo: break  // they go with this
    case .grow(let growth): grow(growth)
    case .makeReady(let pages): makeReady(pages)
    }
    return true
  }

  private func grow(_ growth: Growth) {
    do throws(SystemFailure) {
      let slab = try makeSlab(for: growth)
      observers.add(slab)
      slabs.withLock { $0.finish(growth, with: slab) }
    } catch {
      slabs.withLock { $0.fail(growth, with: .heap(error)) }
    }
  }

  /// A slab as large as the heap gives one.
  private func makeSlab(for growth: Growth) throws(SystemFailure) -> Slab {
    let heap = growth.tenancy == .exported ? heap.ofSharedMemory : heap
    for size in growth.sizes.dropLast() {
      if let slab = try? makeSlab(of: size, from: heap) { return slab }
    }
    return try makeSlab(of: growth.least, from: heap)
  }

  /// A slab with which the calls that synchronize it were tried, so that they fail here or never.
  private func makeSlab(of size: Int, from heap: any Heap) throws(SystemFailure) -> Slab {
    let slab = try heap.makeSlab(of: size)
    guard slab.size >= size else {
      throw SystemFailure("makeSlab gave \(slab.size) bytes for \(size)", on: heapName, .noMemory)
    }
    if isSynchronized {
      try slab.beginCPUAccess(for: [.sequentialWrite])
      try slab.endCPUAccess(for: [.sequentialWrite])
    }
    return slab
  }

  private func makeReady(_ pages: PageRequest) {
    do throws(SystemFailure) {
      try pages.slab.populate(pages.range)
      slabs.withLock { $0.markReady(pages) }
    } catch {
      slabs.withLock { $0.note(error, of: pages) }
    }
  }
}

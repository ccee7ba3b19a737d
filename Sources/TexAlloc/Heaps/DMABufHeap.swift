internal import SystemPackage

/// A heap whose memory is a dma-buf. To exist is to have given memory once: its initializer
/// allocates a little, looks at it, and lets it go.
protocol DMABufHeap: ProbedHeap {
  /// A new dma-buf of at least `size` bytes, whole pages, open for reading and writing.
  func allocate(_ size: Int) throws(SystemFailure) -> OwnedDescriptor
}

extension DMABufHeap {
  public func makeSlab(of size: Int) throws(SystemFailure) -> Slab {
    let size = try wholePages(size)
    let memory = try allocate(size)
    let slab = try Slab(of: name, caching: caching.caching, memory: memory, size: size)
    slab.name("texalloc \(name)")
    if !caching.includesZeroes {
      unsafe slab.bytes(in: 0..<size).initializeMemory(as: UInt8.self, repeating: 0)
    }
    return slab
  }
}

extension CachingVerdict {
  /// What is known of a driver; of others, the verdict of timing memory that it gave.
  static func known(
    _ known: CachingVerdict?, orTiming memory: borrowing OwnedDescriptor, named name: String
  ) throws(SystemFailure) -> CachingVerdict {
    let mapping = try Mapping(memory.descriptor, size: MemoryTiming.size, named: name)
    return known ?? CachingVerdict(timing: mapping)
  }
}

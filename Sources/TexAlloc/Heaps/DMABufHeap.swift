internal import CLinux
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
    unsafe texalloc_dma_buf_set_name(  // for /sys/kernel/debug/dma_buf; it is no harm without
      memory.descriptor.rawValue, String("texalloc \(name)".prefix(31)))
    let slab = try Slab(of: name, caching: caching.caching, memory: memory, size: size)
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

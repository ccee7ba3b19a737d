internal import SystemPackage

/// Memory of the application behind a buffer. What is closed and unmapped with it is our own.
final class AdoptedMemory: BufferMemory {
  let heap: String?
  let caching: Caching?
  let size: Int
  let cpuUsage: Set<CPUUsage>
  private let file: OwnedDescriptor
  private let mapping: Mapping?
  private let name: String

  init(
    _ adopted: consuming AdoptedFile, mappedFor cpuUsage: Set<CPUUsage>, heap: String?,
    caching: Caching?, named name: String
  ) throws(SystemFailure) {
    self.heap = heap ?? adopted.heap
    self.caching = caching ?? adopted.caching
    self.cpuUsage = cpuUsage
    self.name = name
    size = adopted.size
    file = adopted.file
    if cpuUsage.isEmpty {
      mapping = nil
    } else {
      mapping = try Mapping(
        file.descriptor, size: size, named: name, isWritable: cpuUsage != [.read])
      // Where this succeeds, so does every later call; see CPUAccess.
      try synchronization.begin(cpuUsage)
      try synchronization.end(cpuUsage)
    }
  }

  var descriptor: FileDescriptor? { file.descriptor }
  var isExportable: Bool { false }

  private var synchronization: DMABufSynchronization {
    DMABufSynchronization(descriptor: file.descriptor, name: name)
  }

  @unsafe func bytes(in range: Range<Int>) -> UnsafeMutableRawBufferPointer {
    switch mapping {
    case .some(let mapping): unsafe mapping[range]
    case .none: preconditionFailure("\(name) is not mapped")
    }
  }

  /// Always: whose caches the application's devices share is not known.
  func beginAccess(for usage: Set<CPUUsage>) -> CPUAccess? {
    let synchronization = synchronization
    return CPUAccess { () throws(SystemFailure) in
      try synchronization.begin(usage)
    } endingWith: { [self] () throws(SystemFailure) in
      try self.synchronization.end(usage)
    }
  }

  /// From the heap of the same name, where there is one here and where the trial could be written.
  func makeTrial(
    of layout: ImageLayout, at offset: Int
  ) throws(AllocationError) -> TextureBuffer? {
    let alignment = offset == 0 ? pageSize : min(offset & -offset, pageSize)
    guard layout.isInWholeLines, alignment.isMultiple(of: PlaneWriter.lineSize),
      let heap = Heaps.present().first(where: { $0.name == heap })
    else { return nil }
    return try SlabStore(heap: heap, limits: PoolLimits())
      .makeTrial(layout, alignment: alignment)
  }

  func release(after fences: [any Fence]) {}
}

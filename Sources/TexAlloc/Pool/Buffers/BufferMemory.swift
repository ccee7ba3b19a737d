internal import Glibc
internal import SystemPackage

/// The memory behind a buffer. The buffer holds it, and lets go of it once.
protocol BufferMemory: Sendable {
  /// The heap that it came from; nil where that cannot be known.
  var heap: String? { get }
  /// The slab that it is of, where it is of one.
  var slab: Slab? { get }
  /// How the CPU's mapping is cached; nil where that is not known.
  var caching: Caching? { get }
  /// Of the whole of it; nil where it has none.
  var descriptor: FileDescriptor? { get }
  /// Bytes.
  var size: Int { get }
  /// What the CPU can do with it; empty where it is not mapped.
  var cpuUsage: Set<CPUUsage> { get }
  /// Whether the descriptor holds nothing but this one buffer.
  var isExportable: Bool { get }

  /// The bytes of a range of mapped memory, which must not be used after it was let go of.
  @unsafe func bytes(in range: Range<Int>) -> UnsafeMutableRawBufferPointer

  /// Begins an access of the CPU, where devices do not see by themselves what it does. The kernel does
  /// not refuse that for memory with which it was tried; see ``SlabStore``.
  func beginAccess(for usage: Set<CPUUsage>)
  func endAccess(for usage: Set<CPUUsage>)

  /// Memory of the same kind for trying out an image that lies like one of this layout at this offset;
  /// nil where there is none to be had.
  func makeTrial(
    of layout: ImageLayout, at offset: Int
  ) throws(AllocationError) -> TextureBuffer?

  /// The buffer is gone; devices still use it until the fences have passed.
  func release(after fences: [any Fence])
}

extension BufferMemory {
  var slab: Slab? { nil }
  func beginAccess(for usage: Set<CPUUsage>) {}
  func endAccess(for usage: Set<CPUUsage>) {}
}

/// A slot of a slab, which goes back to its store.
struct PooledMemory: BufferMemory {
  let slot: Slot
  let store: SlabStore

  var heap: String? { store.heapName }
  var slab: Slab? { slot.slab }
  var caching: Caching? { slot.slab.caching }
  var descriptor: FileDescriptor? { slot.slab.descriptor }
  var size: Int { slot.slab.size }
  var cpuUsage: Set<CPUUsage> { [.read, .sequentialWrite] }
  var isExportable: Bool { slot.request.tenancy == .exported }

  @unsafe func bytes(in range: Range<Int>) -> UnsafeMutableRawBufferPointer {
    precondition(slot.range.contains(range.lowerBound) && range.upperBound <= slot.range.upperBound)
    return unsafe slot.slab.bytes(in: range)
  }

  func beginAccess(for usage: Set<CPUUsage>) {
    if store.isSynchronized { try? slot.slab.beginCPUAccess(for: usage) }
  }

  func endAccess(for usage: Set<CPUUsage>) {
    if store.isSynchronized { try? slot.slab.endCPUAccess(for: usage) }
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

/// Memory of the process that no device sees: for images without ``AllocationFlags/texture``.
@safe final class OrdinaryMemory: BufferMemory, @unchecked Sendable {  // the address never changes
  private static let name = "memory"

  /// Lines are what writers write; a page is where a large block begins anyway.
  static let attributes = BufferAttributes(name: name, provides: ProvidedMemory()) {
    $0.heaps = [name]
    $0.caching = [.cached]
    $0.offsetAlignment = PlaneWriter.lineSize
  }

  let size: Int
  private let base: UnsafeMutableRawPointer

  /// Bytes that begin on a page.
  init(size: Int) throws(AllocationError) {
    var address: UnsafeMutableRawPointer?
    let failure = unsafe posix_memalign(&address, pageSize, size)
    guard failure == 0, let address = unsafe address else {
      throw .heap(SystemFailure("posix_memalign", on: Self.name, Errno(rawValue: failure)))
    }
    unsafe base = address
    self.size = size
  }

  deinit { unsafe free(base) }

  var heap: String? { Self.name }
  var caching: Caching? { .cached }
  var descriptor: FileDescriptor? { nil }
  var cpuUsage: Set<CPUUsage> { [.read, .sequentialWrite] }
  var isExportable: Bool { false }

  @unsafe func bytes(in range: Range<Int>) -> UnsafeMutableRawBufferPointer {
    precondition(0 <= range.lowerBound && range.upperBound <= size)
    return unsafe UnsafeMutableRawBufferPointer(start: base + range.lowerBound, count: range.count)
  }

  func makeTrial(of layout: ImageLayout, at offset: Int) -> TextureBuffer? { nil }
  func release(after fences: [any Fence]) {}
}

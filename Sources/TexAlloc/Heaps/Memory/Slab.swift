internal import CLinux
internal import Synchronization
package import SystemPackage

/// Memory of one heap that textures are carved from: one descriptor, one mapping that lasts, one
/// cache policy.
public final class Slab: Sendable {
  /// The heap that gave it.
  public let heap: String
  /// How the CPU's mapping of it is cached.
  public let caching: Caching
  /// Bytes.
  public var size: Int { mapping.size }

  let memory: OwnedDescriptor
  private let mapping: Mapping
  private let companion = Mutex<(any AnyObject & Sendable)?>(nil)

  /// Maps memory that a heap has just allocated.
  init(
    of heap: String, caching: Caching, memory: consuming OwnedDescriptor, size: Int,
    takingHugePages: Bool = true
  ) throws(SystemFailure) {
    self.heap = heap
    self.caching = caching
    mapping = try Mapping(
      memory.descriptor, size: size, named: heap, takingHugePages: takingHugePages)
    self.memory = memory
  }

  /// The mapping goes after its companion, and the descriptor, too.
  deinit { companion.withLock { $0 = nil } }

  /// Keeps one thing for as long as the slab lives, instead of the one before.
  package func keep(_ companion: any AnyObject & Sendable) {
    self.companion.withLock { $0 = companion }
  }

  /// Tells the kernel what a dma-buf is called, for `/sys/kernel/debug/dma_buf` and for the `fdinfo` of
  /// whoever has it: its first 31 bytes. Other memory keeps the name that it was made with.
  func name(_ name: String) {
    let bytes = name.utf8.prefix(31).map { CChar(bitPattern: $0) } + [0]
    _ = unsafe texalloc_dma_buf_set_name(descriptor.rawValue, bytes)
  }

  /// The descriptor, for as long as the slab lives.
  package var descriptor: FileDescriptor { memory.descriptor }

  /// The bytes of a range; they must not be used after the slab is gone.
  @unsafe package func bytes(in range: Range<Int>) -> UnsafeMutableRawBufferPointer {
    unsafe mapping[range]
  }

  /// Has the pages of a range ready before the first write to them.
  package func populate(_ range: Range<Int>) {
    mapping.populate(range)
  }

  /// Gives the pages of a range back to the system; they are zero from then on. Answers whether the
  /// heap can do that.
  func giveBack(_ range: Range<Int>) -> Bool {
    mapping.giveBack(range)
  }
}

/// For a cached slab that feeds a device outside the CPU's coherency domain. A write-combining slab
/// needs the store fence only.
extension Slab {
  /// - Parameter usage: What the CPU is about to do.
  package func beginCPUAccess(for usage: Set<CPUUsage>) throws(SystemFailure) {
    if caching == .cached { try synchronization.begin(usage) }
  }

  /// - Parameter usage: As it was said when the access began.
  package func endCPUAccess(for usage: Set<CPUUsage>) throws(SystemFailure) {
    if caching == .cached { try synchronization.end(usage) }
  }

  private var synchronization: DMABufSynchronization {
    DMABufSynchronization(descriptor: descriptor, name: heap)
  }
}

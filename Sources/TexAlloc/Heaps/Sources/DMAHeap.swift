internal import CLinux
internal import Glibc
internal import SystemPackage

/// A [DMA-BUF heap] of the kernel: `system`, a contiguous range, or a carve-out of the board such as
/// tightly coupled memory. Its name in attributes is `dma-heap:NAME`.
///
/// [DMA-BUF heap]: https://docs.kernel.org/userspace-api/dma-buf-heaps.html
public struct DMAHeap: DMABufHeap {
  static let kind = "dma-heap"
  static let folder = "/dev/dma_heap"

  public let attributes: BufferAttributes
  let caching: CachingVerdict
  private let heapName: String

  /// - Parameter heapName: The name of its node in `/dev/dma_heap`.
  /// - Throws: `SystemFailure` where the node is missing, not permitted, or gives no memory that can
  ///   be mapped.
  public init(_ heapName: String) throws(SystemFailure) {
    self.heapName = heapName
    let memory = try Self.allocate(MemoryTiming.size, from: heapName)
    caching = try .known(
      Self.isMainline(heapName)
        ? CachingVerdict(.cached, because: "the kernel's own heaps map cached pages") : nil,
      orTiming: memory, named: Self.node(heapName))
    attributes = .heap(Self.name(heapName), caching) {
      $0.contiguous = Self.isContiguous(heapName)
      $0.maxSize = Self.maxSize
    }
  }

  /// `dma-heap:NAME`.
  public static func name(_ heapName: String) -> String { "\(kind):\(heapName)" }

  /// Asked for more than it has, the kernel's heap takes every page of the machine, and then the
  /// process is killed. So it is not asked for more than half of them.
  private static let maxSize = sysconf(CInt(_SC_PHYS_PAGES)) / 2 * pageSize

  func allocate(_ size: Int) throws(SystemFailure) -> OwnedDescriptor {
    try Self.allocate(size, from: heapName)
  }

  private static func allocate(
    _ size: Int, from heapName: String
  ) throws(SystemFailure) -> OwnedDescriptor {
    let node = node(heapName)
    guard size <= maxSize else { throw SystemFailure("DMA_HEAP_IOCTL_ALLOC", on: node, .noMemory) }
    let device = try OwnedDescriptor.opening(node)
    return OwnedDescriptor(
      owning: try systemCall("DMA_HEAP_IOCTL_ALLOC", on: node) {
        texalloc_dma_heap_allocate(device.descriptor.rawValue, UInt64(size))
      })
  }

  private static func node(_ heapName: String) -> String { "\(folder)/\(heapName)" }

  /// The names that the kernel gives to its system heap and to its contiguous ones.
  static func isMainline(_ heapName: String) -> Bool {
    heapName == "system" || isContiguous(heapName)
  }

  /// `default_cma_region`, `linux,cma`, `reserved`: those of the contiguous memory allocator.
  private static func isContiguous(_ heapName: String) -> Bool {
    heapName == "reserved" || heapName.contains("cma")
  }
}

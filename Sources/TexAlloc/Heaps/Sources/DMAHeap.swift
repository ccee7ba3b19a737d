internal import CLinux
internal import Glibc
internal import SystemPackage

/// A [DMA-BUF heap] of the kernel: `system`, a contiguous range, or a carve-out of the board such as
/// tightly coupled memory. Its name in attributes is `dma-heap:NAME`.
///
/// Of the system's heap and of those of contiguous regions the kernel says what their memory is. What
/// others are called tells nothing: their memory is timed, and whether it is contiguous is not known.
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
    let promise = Promise(of: heapName)
    caching = try .known(
      promise.map { CachingVerdict(.cached, because: $0.reason) }, orTiming: memory,
      named: Self.node(heapName))
    attributes = .heap(Self.name(heapName), caching, provides: promise?.memory) {
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

  /// What the kernel documents of its own heaps: cached, zeroed, and this.
  enum Promise {
    case system
    case contiguousRegion

    /// nil for a heap that is not the kernel's own.
    init?(of heapName: String, in regions: ContiguousRegions = ContiguousRegions()) {
      if heapName == "system" {
        self = .system
      } else if regions.contain(heapName) {
        self = .contiguousRegion
      } else {
        return nil
      }
    }

    var memory: ProvidedMemory {
      switch self {
      case .system: ProvidedMemory()
      // It aligns larger buffers to more, up to a limit that the kernel was built with.
      case .contiguousRegion: ProvidedMemory(contiguous: true, physicalAlignment: pageSize)
      }
    }

    fileprivate var reason: String {
      switch self {
      case .system: "the kernel's system heap maps cached pages"
      case .contiguousRegion: "the kernel maps its contiguous regions cached"
      }
    }
  }
}

/// The regions of the [contiguous memory allocator], as the kernel lists them: a heap of the region's
/// name gives its memory. A heap whose name only looks like one, as `linux,cma-uncached`, is another's.
///
/// [contiguous memory allocator]: https://docs.kernel.org/userspace-api/dma-buf-heaps.html
struct ContiguousRegions {
  /// Folders in which the kernel lists them: those that there are, and those that the device tree
  /// reserves, where the kernel was built without the first.
  private let list, reserved: String

  /// - Parameter root: Where sysfs is.
  init(root: String = "/sys") {
    list = "\(root)/kernel/mm/cma"
    reserved = "\(root)/firmware/devicetree/base/reserved-memory"
  }

  func contain(_ heapName: String) -> Bool {
    // From Linux 6.17 on, the region that is everyone's has a heap of this name, too.
    let names = names
    return names.contains(heapName) || heapName == "default_cma_region" && !names.isEmpty
  }

  private var names: Set<String> {
    let listed = (try? SystemFile.names(in: list)) ?? []
    let nodes = (try? SystemFile.names(in: reserved)) ?? []
    return Set(listed + nodes.filter(isReusablePool))
  }

  /// As the kernel decides what becomes a region ([reserved-memory]).
  ///
  /// [reserved-memory]: https://github.com/devicetree-org/dt-schema/blob/main/dtschema/schemas/reserved-memory/shared-dma-pool.yaml
  private func isReusablePool(_ node: String) -> Bool {
    let compatible = SystemFile.text(of: "\(reserved)/\(node)/compatible", atMost: 256)
    return compatible?.split(separator: "\0").contains("shared-dma-pool") == true
      && SystemFile.text(of: "\(reserved)/\(node)/reusable", atMost: 1) != nil
  }
}

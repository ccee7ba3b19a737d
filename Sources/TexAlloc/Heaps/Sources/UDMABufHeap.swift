internal import CLinux
internal import SystemPackage

/// Pages of a memfd, exported as a dma-buf by [udmabuf], so that devices take them.
///
/// [udmabuf]: https://docs.kernel.org/driver-api/dma-buf.html
public struct UDMABufHeap: DMABufHeap {
  public static let name = "udmabuf"
  private static let node = "/dev/udmabuf"
  private static let sizeLimit = "/sys/module/udmabuf/parameters/size_limit_mb"

  public let attributes: BufferAttributes
  let caching = CachingVerdict(.cached, because: "udmabuf maps the page cache of a memfd")

  /// - Throws: `SystemFailure` where the node is missing, not permitted, or gives no memory.
  public init() throws(SystemFailure) {
    attributes = .heap(Self.name, caching, provides: ProvidedMemory()) {
      $0.maxSize = SystemFile.number(in: Self.sizeLimit)?.checkedProduct(1 << 20)
    }
    _ = try allocate(pageSize)
  }

  func allocate(_ size: Int) throws(SystemFailure) -> OwnedDescriptor {
    if let pages = HugePages.reserved(for: size), let memory = try? allocate(size, in: pages) {
      return memory
    }
    return try allocate(size, in: nil)
  }

  private func allocate(
    _ size: Int, in pages: HugePages?
  ) throws(SystemFailure) -> OwnedDescriptor {
    let device = try OwnedDescriptor.opening(Self.node)
    let memory = try OwnedDescriptor.memory(of: size, named: Self.name, in: pages)
    return OwnedDescriptor(
      owning: try systemCall("UDMABUF_CREATE", on: Self.node) {
        texalloc_udmabuf_create(
          device.descriptor.rawValue, memory.descriptor.rawValue, UInt64(size))
      })
  }
}

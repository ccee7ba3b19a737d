/// Anonymous memory of the kernel ([memfd_create(2)]), which software GPUs import as if it were a
/// dma-buf. It needs no device and runs everywhere.
///
/// [memfd_create(2)]: https://man7.org/linux/man-pages/man2/memfd_create.2.html
public struct MemfdHeap: Heap {
  public static let name = "memfd"

  public init() {}

  public var attributes: BufferAttributes {
    BufferAttributes(name: Self.name) {
      $0.heaps = [Self.name]
      $0.caching = [.cached]
      $0.offsetAlignment = pageSize
      $0.sizeAlignment = pageSize
      $0.contiguous = false
    }
  }

  public func makeSlab(of size: Int) throws(SystemFailure) -> Slab {
    let size = size.roundedUp(toMultipleOf: pageSize)
    return try Slab(
      of: Self.name, caching: .cached, memory: .memory(of: size, named: Self.name), size: size)
  }
}

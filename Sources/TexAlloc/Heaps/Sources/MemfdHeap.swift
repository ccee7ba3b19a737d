/// Anonymous memory of the kernel ([memfd_create(2)]), which software GPUs import as if it were a
/// dma-buf. It needs no device and runs everywhere.
///
/// [memfd_create(2)]: https://man7.org/linux/man-pages/man2/memfd_create.2.html
public struct MemfdHeap: ProbedHeap {
  public static let name = "memfd"

  public let attributes: BufferAttributes
  let caching = CachingVerdict(.cached, because: "it is the kernel's page cache")
  private let takesHugePages: Bool

  public init() { self.init(takingHugePages: true) }

  /// - Parameter takesHugePages: Where there are some.
  package init(takingHugePages takesHugePages: Bool) {
    attributes = .heap(Self.name, caching, provides: ProvidedMemory())
    self.takesHugePages = takesHugePages
  }

  public func makeSlab(of size: Int) throws(SystemFailure) -> Slab {
    let size = try wholePages(size)
    // Others may take the huge pages meanwhile: mapping them tells.
    if takesHugePages, let pages = HugePages.reserved(for: size),
      let slab = try? slab(of: size, in: pages)
    {
      return slab
    }
    return try slab(of: size)
  }

  /// Another process does not take memory of reserved huge pages: what is punched out of it may be gone.
  var ofUsualPages: MemfdHeap { MemfdHeap(takingHugePages: false) }

  private func slab(of size: Int, in pages: HugePages? = nil) throws(SystemFailure) -> Slab {
    // The reserve gets a page back that is punched out of its memory, and another process may take it:
    // the next write would end this one.
    try Slab(
      mapping: .memory(of: size, named: Self.name, in: pages), size: size, of: Self.name,
      caching: .cached, givingPagesBack: pages == nil, takingHugePages: takesHugePages)
  }
}

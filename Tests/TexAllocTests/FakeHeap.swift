import SystemPackage

@testable import TexAlloc

/// A heap of another name, caching or mood, whose memory is that of a memfd.
struct FakeHeap: Heap {
  let attributes: BufferAttributes
  /// What the next slabs fail with.
  let failure: SystemFailure?
  let isForeign: Bool

  init(
    _ name: String, caching: Caching = .cached, failingWith failure: SystemFailure? = nil,
    provides: ProvidedMemory? = nil, isForeign: Bool = false,
    _ set: (inout BufferConstraints) -> Void = { _ in }
  ) {
    self.failure = failure
    self.isForeign = isForeign
    attributes = BufferAttributes(name: name, provides: provides) {
      $0.heaps = [name]
      $0.caching = [caching]
      $0.offsetAlignment = pageSize
      $0.sizeAlignment = pageSize
      set(&$0)
    }
  }

  func makeSlab(of size: Int) throws(SystemFailure) -> Slab {
    if let failure { throw failure }
    let size = size.roundedUp(toMultipleOf: pageSize)
    return try Slab(
      mapping: .memory(of: size, named: name), size: size, of: name,
      caching: attributes.caching?.first ?? .cached)
  }
}

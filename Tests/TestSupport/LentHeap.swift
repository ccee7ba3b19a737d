internal import SystemPackage
package import TexAlloc

/// A heap whose memory devices do not know by its name: here it is a memfd.
package struct LentHeap: Heap {
  package let attributes = BufferAttributes(name: "lent", provides: ProvidedMemory()) {
    ($0.heaps, $0.caching) = (["lent"], [.cached])
  }

  package init() {}

  package var isForeign: Bool { true }

  package func makeSlab(of size: Int) throws(SystemFailure) -> Slab {
    let memory = try MemfdHeap().makeSlab(of: size)
    guard let copy = try? memory.descriptor?.duplicate() else {
      throw SystemFailure("dup", on: name, .badFileDescriptor)
    }
    return try Slab(
      mapping: OwnedDescriptor(owning: copy), size: memory.size, of: name, caching: .cached)
  }
}

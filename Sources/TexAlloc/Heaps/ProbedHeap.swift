internal import SystemPackage

/// A heap of this package, which says how it knows what it states.
protocol ProbedHeap: Heap {
  var caching: CachingVerdict { get }
}

extension ProbedHeap {
  /// `size` rounded up to whole pages.
  func wholePages(_ size: Int) throws(SystemFailure) -> Int {
    guard size > 0 else { throw SystemFailure("makeSlab", on: name, .invalidArgument) }
    guard let pages = size.checkedRoundedUp(toMultipleOf: pageSize) else {
      throw SystemFailure("makeSlab", on: name, .noMemory)
    }
    return pages
  }

  /// What holds for every heap: its name, its caching, whole pages.
  func attributes(
    named name: String, _ set: (inout BufferConstraints) -> Void = { _ in }
  ) -> BufferAttributes {
    BufferAttributes(name: name) {
      $0.heaps = [name]
      $0.caching = [caching.caching]
      $0.offsetAlignment = pageSize
      $0.sizeAlignment = pageSize
      $0.contiguous = false
      set(&$0)
    }
  }
}

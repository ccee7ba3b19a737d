/// One heap that was looked for, and what came of it.
public struct HeapFinding: Sendable {
  /// Its name in attributes; of the kind only (`dma-heap`) where there is no node to give the rest.
  public let name: String
  /// The heap, or the call that failed, with node and errno.
  public let heap: Result<any Heap, SystemFailure>
  /// How its memory is cached and how that is known; nil where the heap is absent.
  public let caching: CachingVerdict?

  init(_ name: String, _ make: () throws(SystemFailure) -> any ProbedHeap) {
    do {
      let heap = try make()
      self.name = heap.name
      self.heap = .success(heap)
      caching = heap.caching
    } catch {
      self.name = name
      heap = .failure(error)
      caching = nil
    }
  }

  var isPresent: Bool { caching != nil }
}

extension HeapFinding: CustomStringConvertible {
  public var description: String {
    switch (heap, caching) {
    case (.success, let caching?): "\(name): present, \(caching)"
    case (.success, nil): "\(name): present"
    case (.failure(let reason), _): "\(name): absent, \(reason)"
    }
  }
}

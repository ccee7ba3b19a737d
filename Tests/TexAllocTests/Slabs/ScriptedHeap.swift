import Synchronization
import SystemPackage

@testable import TexAlloc

/// A heap that does what a test tells it to before it makes a slab of a memfd, and notes what it was
/// asked for.
final class ScriptedHeap: Heap {
  let attributes: BufferAttributes
  private let requests = Mutex<[Int]>([])
  private let script = Mutex<(@Sendable (Int) throws(SystemFailure) -> Void)?>(nil)

  init(maxSize: Int? = nil) {
    attributes = BufferAttributes(name: "scripted") {
      $0.heaps = ["scripted"]
      $0.caching = [.cached]
      $0.offsetAlignment = pageSize
      $0.sizeAlignment = pageSize
      $0.maxSize = maxSize
    }
  }

  /// Bytes of each slab that was asked for.
  var sizes: [Int] { requests.withLock { $0 } }

  /// - Parameter body: Is given the bytes that were asked for.
  func beforeEachSlab(_ body: @escaping @Sendable (Int) throws(SystemFailure) -> Void) {
    script.withLock { $0 = body }
  }

  /// Gives nothing above so many bytes.
  func giveAtMost(_ limit: Int) {
    beforeEachSlab { size throws(SystemFailure) in
      if size > limit { throw SystemFailure("makeSlab", on: "scripted", .noMemory) }
    }
  }

  func makeSlab(of size: Int) throws(SystemFailure) -> Slab {
    requests.withLock { $0.append(size) }
    try script.withLock { $0 }?(size)
    let size = try wholePages(size)
    return try Slab(
      mapping: .memory(of: size, named: name), size: size, of: name, caching: .cached)
  }
}

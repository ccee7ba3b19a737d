internal import Synchronization
internal import SystemPackage

/// Where memory comes from. A heap takes part in merging like any other component, under the name
/// that the other components list in `heaps`, and which it alone lists in its own. The name stands for
/// one source of memory, and for the same in every run. What the memory is, and how sure that is, it says
/// in ``BufferAttributes/provides``.
public protocol Heap: Component {
  /// Memory of at least `size` bytes, zeroed, mapped and ready to be written; see ``Slab`` for how it
  /// is made. Any thread may ask, and several at a time. A pool asks on a thread of its own, for which
  /// the one that allocates waits; so this must not need the thread that allocates.
  ///
  /// - Parameter size: A positive number of bytes; rounded up to whole pages.
  /// - Throws: `SystemFailure` that names the node and the call; nothing is left open.
  func makeSlab(of size: Int) throws(SystemFailure) -> Slab

  /// Bytes of the largest slab that several images are to share; nil, as it is unless said otherwise,
  /// where the pool may choose. For a heap that disturbs others while it makes a large one.
  var largestSharedSlab: Int? { get }

  /// What the CPU can do with the memory: everything, unless said otherwise.
  var cpuUsage: Set<CPUUsage> { get }

  /// Whether its memory is another driver's, which devices do not name among the heaps that they take: those
  /// that import try it with an image of each kind. Not so, unless said otherwise.
  var isForeign: Bool { get }

  /// Whether what lies in its memory went with the device that it is of: never, unless said otherwise. No
  /// image is given such memory then, and a pool lets go of it as images do. It stays mapped for as long as
  /// somebody holds a slab.
  var isLost: Bool { get }
}

extension Heap {
  public var largestSharedSlab: Int? { nil }
  public var cpuUsage: Set<CPUUsage> { Set(CPUUsage.allCases) }
  public var isForeign: Bool { false }
  public var isLost: Bool { false }
}

/// A heap of this package, which says how it knows what it states.
protocol ProbedHeap: Heap {
  var caching: CachingVerdict { get }
}

extension Heap {
  /// `size` rounded up to whole pages, as slabs are.
  public func wholePages(_ size: Int) throws(SystemFailure) -> Int {
    guard size > 0 else { throw SystemFailure("makeSlab", on: name, .invalidArgument) }
    guard let pages = size.checkedRoundedUp(toMultipleOf: pageSize) else {
      throw SystemFailure("makeSlab", on: name, .noMemory)
    }
    return pages
  }
}

extension Heap {
  /// The same heap for memory that other processes get.
  var ofSharedMemory: any Heap { (self as? MemfdHeap)?.ofUsualPages ?? self }
}

extension BufferAttributes {
  /// What holds for every heap of this package: its name, its caching, whole pages.
  ///
  /// - Parameter provides: nil where the driver alone knows.
  static func heap(
    _ name: String, _ caching: CachingVerdict, provides: ProvidedMemory?,
    _ set: (inout BufferConstraints) -> Void = { _ in }
  ) -> BufferAttributes {
    BufferAttributes(name: name, provides: provides) {
      $0.heaps = [name]
      $0.caching = [caching.stated]
      $0.offsetAlignment = pageSize
      $0.sizeAlignment = pageSize
      set(&$0)
    }
  }
}

/// A heap whose memory is a dma-buf. To exist is to have given memory once: its initializer
/// allocates a little, looks at it, and lets it go.
protocol DMABufHeap: ProbedHeap {
  /// A new dma-buf of at least `size` bytes, whole pages, open for reading and writing.
  func allocate(_ size: Int) throws(SystemFailure) -> OwnedDescriptor
}

extension DMABufHeap {
  public func makeSlab(of size: Int) throws(SystemFailure) -> Slab {
    let size = try wholePages(size)
    let memory = try allocate(size)
    let slab = try Slab(
      mapping: memory, size: size, of: name, caching: caching.stated, givingPagesBack: false)
    slab.name("texalloc \(name)")
    if !caching.includesZeroes {
      unsafe slab.bytes(in: 0..<size).fillWithZeroes()
    }
    return slab
  }
}

extension CachingVerdict {
  /// What is known of a driver; of others, the verdict of timing memory that it gave.
  static func known(
    _ known: CachingVerdict?, orTiming memory: borrowing OwnedDescriptor, named name: String
  ) throws(SystemFailure) -> CachingVerdict {
    let mapping = try Mapping(memory.descriptor, size: MemoryTiming.size, named: name)
    if let known { return known }
    return unsafe CachingVerdict(measuring: mapping[0..<MemoryTiming.size])
  }
}

/// The names of heaps of which there is one for each device that is opened.
package final class HeapNames: Sendable {
  package static let shared = HeapNames()

  private let counts = Mutex<[String: Int]>([:])

  /// The name, with a number behind it where it was given before.
  package func unique(_ name: String) -> String {
    let count = counts.withLock { counts in
      counts[name, default: 0] += 1
      return counts[name, default: 1]
    }
    return count == 1 ? name : "\(name)#\(count)"
  }
}

internal import Glibc
internal import SystemPackage

/// The memory behind a buffer. The buffer holds it, and lets go of it once.
protocol BufferMemory: Sendable {
  /// The heap that it came from; nil where that cannot be known.
  var heap: String? { get }
  /// Whether that is one that devices do not list, ``Heap/isForeign``.
  var isForeign: Bool { get }
  /// How it came to be; nil for memory that no pool has planned.
  var plan: ImagePlan? { get }
  /// The slab that it is of, where it is of one.
  var slab: Slab? { get }
  /// How the CPU's mapping is cached; nil where that is not known.
  var caching: Caching? { get }
  /// Of the whole of it; nil where it has none, or several.
  var descriptor: FileDescriptor? { get }
  /// Where a place in it lies: in which descriptor, and how many bytes from its start.
  func place(at offset: Int) -> (descriptor: FileDescriptor?, offset: Int)
  /// Bytes.
  var size: Int { get }
  /// What the CPU's mapping allows; empty where there is none.
  var cpuUsage: Set<CPUUsage> { get }
  /// Whether what lies there went with the device that it is of.
  var isLost: Bool { get }
  /// Whether the descriptor holds nothing but this one buffer.
  var isExportable: Bool { get }

  /// The bytes of a range of mapped memory, which must not be used after it was let go of.
  @unsafe func bytes(in range: Range<Int>) -> UnsafeMutableRawBufferPointer

  /// Begins an access of the CPU, where devices do not see by themselves what it does. The kernel does
  /// not refuse that for memory with which it was tried; see ``SlabStore``.
  func beginAccess(for usage: Set<CPUUsage>)
  /// - Parameter range: Bytes that were written or read.
  func endAccess(for usage: Set<CPUUsage>, in range: Range<Int>)

  /// Has the pages made ready that somebody is about to write, or the first of them.
  ///
  /// - Returns: How many bytes further on this is to be asked again; nil for never.
  @unsafe func makeReady(_ bytes: UnsafeRawBufferPointer) -> Int?

  /// Memory of the same kind for trying out an image that lies like one of this layout at this offset;
  /// nil where there is none to be had.
  func makeTrial(
    of layout: ImageLayout, at offset: Int
  ) throws(AllocationError) -> TextureBuffer?

  /// The buffer is gone; devices still use its slot until the fences have passed.
  func release(_ slot: consuming Slot, after fences: [any Fence], isWritten: Bool)
}

extension BufferMemory {
  var plan: ImagePlan? { nil }
  var slab: Slab? { nil }
  var isForeign: Bool { false }
  var isLost: Bool { false }
  func place(at offset: Int) -> (descriptor: FileDescriptor?, offset: Int) { (descriptor, offset) }
  func beginAccess(for usage: Set<CPUUsage>) {}
  func endAccess(for usage: Set<CPUUsage>, in range: Range<Int>) {}
  @unsafe func makeReady(_ bytes: UnsafeRawBufferPointer) -> Int? { nil }

  /// Only what a pool has lent comes back.
  func release(_ slot: consuming Slot, after fences: [any Fence], isWritten: Bool) {
    preconditionFailure("a slot of another memory")
  }
}

/// A slab of a pool. It is small enough to lie in the buffer itself.
struct PooledMemory: BufferMemory {
  private let way: ImagePlan
  private let pooled: Slab
  /// What the image begins at a multiple of.
  private let alignment: UInt32
  let isExportable: Bool

  init(by plan: ImagePlan, slab: Slab, alignment: UInt32, isExportable: Bool) {
    way = plan
    pooled = slab
    self.alignment = alignment
    self.isExportable = isExportable
  }

  var plan: ImagePlan? { way }
  var store: SlabStore { way.store }
  var heap: String? { store.heapName }
  var isForeign: Bool { store.heap.isForeign }
  var isLost: Bool { store.heap.isLost }
  var slab: Slab? { pooled }
  var caching: Caching? { pooled.caching }
  var descriptor: FileDescriptor? { pooled.descriptor }
  var size: Int { pooled.size }
  var cpuUsage: Set<CPUUsage> { store.cpuUsage }

  @unsafe func bytes(in range: Range<Int>) -> UnsafeMutableRawBufferPointer {
    unsafe pooled.bytes(in: range)
  }

  func beginAccess(for usage: Set<CPUUsage>) {
    if store.isSynchronized { try? pooled.beginCPUAccess(for: usage) }
  }

  func endAccess(for usage: Set<CPUUsage>, in range: Range<Int>) {
    if usage.contains(where: \.isWrite) { pooled.finishWriting(range) }
    if store.isSynchronized { try? pooled.endCPUAccess(for: usage) }
  }

  @unsafe func makeReady(_ bytes: UnsafeRawBufferPointer) -> Int? {
    let range = unsafe pooled.range(of: bytes)
    return store.makeReady(range, of: pooled)
  }

  /// Another driver may have no memory to spare; its images are to speak for themselves then.
  func makeTrial(
    of layout: ImageLayout, at offset: Int
  ) throws(AllocationError) -> TextureBuffer? {
    do { return try store.makeTrial(of: layout, alignment: Int(alignment)) } catch {
      if isForeign { return nil }
      throw error
    }
  }

  func release(_ slot: consuming Slot, after fences: [any Fence], isWritten: Bool) {
    store.release(slot, after: fences, isWritten: isWritten)
  }
}

/// Memory for trying out an image: a small slab of its own, outside of every budget, that goes with the
/// image.
struct TrialMemory: BufferMemory {
  /// Bytes of the largest alignment for which an image is not at the start of its slab, if the heap has room.
  private static let largestShift = 16 << 20

  private let trial: Slab
  let heap: String?
  let isForeign: Bool
  let cpuUsage: Set<CPUUsage>
  private let isSynchronized: Bool

  /// An image in memory of a heap, not at the start of its slab unless its alignment is very large.
  ///
  /// - Parameter isSynchronized: Whether devices are to be told what the CPU writes.
  static func makeBuffer(
    _ layout: ImageLayout, alignment: Int, from heap: any Heap, isSynchronized: Bool = false
  ) throws(AllocationError) -> TextureBuffer {
    let room = (heap.attributes.maxSize ?? .max) - layout.size
    let shift = alignment <= min(largestShift, room) ? alignment : 0
    let memory: TrialMemory
    do throws(SystemFailure) {
      memory = TrialMemory(
        trial: try heap.makeSlab(of: shift + layout.size), heap: heap.name,
        isForeign: heap.isForeign, cpuUsage: heap.cpuUsage, isSynchronized: isSynchronized)
    } catch {
      throw .heap(error)
    }
    return TextureBuffer(name: "trial", layout: layout, in: memory, at: shift)
  }

  var slab: Slab? { trial }
  var caching: Caching? { trial.caching }
  var descriptor: FileDescriptor? { trial.descriptor }
  var size: Int { trial.size }
  var isExportable: Bool { false }

  @unsafe func bytes(in range: Range<Int>) -> UnsafeMutableRawBufferPointer {
    unsafe trial.bytes(in: range)
  }

  func beginAccess(for usage: Set<CPUUsage>) {
    if isSynchronized { try? trial.beginCPUAccess(for: usage) }
  }

  func endAccess(for usage: Set<CPUUsage>, in range: Range<Int>) {
    if usage.contains(where: \.isWrite) { trial.finishWriting(range) }
    if isSynchronized { try? trial.endCPUAccess(for: usage) }
  }

  func makeTrial(of layout: ImageLayout, at offset: Int) -> TextureBuffer? { nil }
}

/// Memory of the process that no device sees: for images without ``AllocationFlags/texture``.
@safe final class OrdinaryMemory: BufferMemory, @unchecked Sendable {  // the address never changes
  private static let name = "memory"

  /// Lines are what writers write; a page is where a large block begins anyway.
  static let attributes = BufferAttributes(name: name, provides: ProvidedMemory()) {
    $0.heaps = [name]
    $0.caching = [.cached]
    $0.offsetAlignment = PlaneWriter.lineSize
  }

  let size: Int
  private let base: UnsafeMutableRawPointer

  let cpuUsage: Set<CPUUsage>

  /// Bytes that begin on a page.
  init(size: Int, for cpuUsage: Set<CPUUsage>) throws(AllocationError) {
    var address: UnsafeMutableRawPointer?
    let failure = unsafe posix_memalign(&address, pageSize, size)
    guard failure == 0, let address = unsafe address else {
      throw .heap(SystemFailure("posix_memalign", on: Self.name, Errno(rawValue: failure)))
    }
    unsafe base = address
    self.size = size
    self.cpuUsage = cpuUsage
  }

  deinit { unsafe free(base) }

  var heap: String? { Self.name }
  var caching: Caching? { .cached }
  var descriptor: FileDescriptor? { nil }
  var isExportable: Bool { false }

  @unsafe func bytes(in range: Range<Int>) -> UnsafeMutableRawBufferPointer {
    precondition(0 <= range.lowerBound && range.upperBound <= size)
    return unsafe UnsafeMutableRawBufferPointer(start: base + range.lowerBound, count: range.count)
  }

  func makeTrial(of layout: ImageLayout, at offset: Int) -> TextureBuffer? { nil }
}

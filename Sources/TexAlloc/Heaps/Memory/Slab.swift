internal import CLinux
internal import Synchronization
public import SystemPackage

/// Memory of one heap that textures are carved from: one mapping that lasts, one cache policy, and a
/// descriptor where there is one.
///
/// A heap makes one in either of two ways: of a descriptor, which is then mapped here, or of memory
/// that something else has mapped and keeps, such as a persistently mapped buffer of OpenGL, or
/// memory of Vulkan.
public final class Slab: Sendable {
  /// What a slab is told apart by: never used twice in a process.
  public struct ID: Hashable, Sendable {
    private static let last = Atomic<UInt64>(0)
    private let number = last.add(1, ordering: .relaxed).newValue
  }

  public let id = ID()
  /// The heap that gave it.
  public let heap: String
  /// How the CPU's mapping of it is cached.
  public let caching: Caching
  /// Bytes; whole pages.
  public var size: Int { mapping.size }

  private let mapping: Mapping
  private let memory: OwnedDescriptor?
  private let mayGiveBack: Mutex<Bool>
  private let flush: (@Sendable (Range<Int>) -> Void)?
  /// Few: looking at each takes less long than hashing.
  private let companions = Mutex<[(number: UInt64, kept: any AnyObject & Sendable)]>([])

  /// Maps memory that a heap has just allocated, for reading and writing.
  ///
  /// - Parameters:
  ///   - memory: What can be mapped, such as a dma-buf or a memfd: zeroed, and sealed against
  ///     shrinking where it could shrink. The slab's from now on, also where this throws.
  ///   - size: Bytes; whole pages.
  ///   - heap: The heap's name.
  ///   - caching: How such a mapping is cached.
  ///   - givesPagesBack: Whether pages that no image uses may be given back to the system, by
  ///     punching holes into the memory: not where a device goes on using them.
  /// - Throws: `SystemFailure` of `mmap`.
  public convenience init(
    mapping memory: consuming OwnedDescriptor, size: Int, of heap: String, caching: Caching,
    givingPagesBack givesPagesBack: Bool = true
  ) throws(SystemFailure) {
    try self.init(
      mapping: memory, size: size, of: heap, caching: caching, givingPagesBack: givesPagesBack,
      takingHugePages: true)
  }

  /// - Parameter takesHugePages: Where there are some.
  convenience init(
    mapping memory: consuming OwnedDescriptor, size: Int, of heap: String, caching: Caching,
    givingPagesBack givesPagesBack: Bool = true, takingHugePages takesHugePages: Bool
  ) throws(SystemFailure) {
    let mapping = try Mapping(
      memory.descriptor, size: size, named: heap, takingHugePages: takesHugePages)
    self.init(mapping, memory, of: heap, caching: caching, givingPagesBack: givesPagesBack)
  }

  /// Takes memory that is mapped already, for reading and writing, and ready to be written. None of
  /// its pages is ever given back.
  ///
  /// - Parameters:
  ///   - bytes: All of it, zeroed; whole pages that begin on a line of ``PlaneWriter/lineSize``. It
  ///     stays where it is for as long as the owner lives.
  ///   - owner: Let go of when the slab goes, on whichever thread that is. One that needs a thread of
  ///     its own to unmap the memory sees to that in its `deinit`.
  ///   - memory: A descriptor of the same bytes, where there is one that devices take.
  ///   - heap: The heap's name.
  ///   - caching: How the mapping is cached.
  ///   - flush: Has devices see what the CPU wrote to a range, where the memory's owner has to: called at
  ///     the end of each writer.
  /// - Throws: `SystemFailure`, an invalid argument, for other than whole pages, or where no line
  ///   begins.
  @unsafe public convenience init(
    mapped bytes: UnsafeMutableRawBufferPointer, ownedBy owner: any AnyObject & Sendable,
    descriptor memory: consuming OwnedDescriptor? = nil, of heap: String, caching: Caching,
    flushing flush: (@Sendable (Range<Int>) -> Void)? = nil
  ) throws(SystemFailure) {
    let mapping = unsafe try Mapping(bytes, ownedBy: owner, named: heap)
    self.init(
      mapping, memory, of: heap, caching: caching, givingPagesBack: false, flushing: flush)
  }

  private init(
    _ mapping: consuming Mapping, _ memory: consuming OwnedDescriptor?, of heap: String,
    caching: Caching, givingPagesBack givesPagesBack: Bool,
    flushing flush: (@Sendable (Range<Int>) -> Void)? = nil
  ) {
    self.flush = flush
    self.heap = heap
    self.caching = caching
    self.mapping = mapping
    self.memory = memory
    mayGiveBack = Mutex(givesPagesBack)
  }

  /// The mapping goes after the companions, and the descriptor, too.
  deinit { companions.withLock { $0 = [] } }

  /// The descriptor, for as long as the slab lives; nil for memory that has none. All images of the
  /// slab are in it, so it is for devices of this process only.
  public var descriptor: FileDescriptor? {
    switch memory {
    case .some(let memory): memory.descriptor
    case .none: nil
    }
  }

  /// The bytes of a range, for a device that takes memory by its address. They must not be used after
  /// the slab is gone, and whoever reads memory that is not cached waits a thousand times as long.
  @unsafe public func bytes(in range: Range<Int>) -> UnsafeMutableRawBufferPointer {
    unsafe mapping[range]
  }

  /// Where bytes of it lie, from its start.
  @unsafe func range(of bytes: UnsafeRawBufferPointer) -> Range<Int> {
    let start =
      unsafe Int(bitPattern: bytes.baseAddress) - Int(bitPattern: mapping[0..<0].baseAddress)
    return start..<start + bytes.count
  }

  /// Bytes of the pages that the system gives and takes back.
  var pageSize: Int { mapping.pageSize }

  /// Has the pages of a range ready before the first write to them.
  ///
  /// - Throws: `SystemFailure` where the kernel does not give them: it has no memory, or the memory is
  ///   of a kind that it does not do this for.
  package func populate(_ range: Range<Int>) throws(SystemFailure) {
    try mapping.populate(range, named: heap)
  }

  /// Has the slab keep all of its pages from now on. A registrar calls it whose device goes on using
  /// pages that were in the slab once, as one does that takes memory by its address.
  public func keepPages() { mayGiveBack.withLock { $0 = false } }

  /// Whether pages that no image uses may be given back, and can be, as far as is known.
  var givesPagesBack: Bool { mayGiveBack.withLock { $0 } }

  /// Gives the pages of a range back to the system; they are zero from then on. Answers whether it
  /// did: not every heap can, and not every slab may.
  func giveBack(_ range: Range<Int>) -> Bool {
    // Under the lock, so that a device that asked for the pages has them.
    mayGiveBack.withLock { mayGiveBack in
      // What cannot be done once never can.
      mayGiveBack = mayGiveBack && mapping.giveBack(range)
      return mayGiveBack
    }
  }

  /// Has devices see what the CPU wrote to a range, by whatever the memory's owner has to do for that.
  package func finishWriting(_ range: Range<Int>) { flush?(range) }

  /// Tells the kernel what a dma-buf is called, for `/sys/kernel/debug/dma_buf` and for the `fdinfo` of
  /// whoever has it: its first 31 bytes. Other memory keeps the name that it was made with.
  func name(_ name: String) {
    guard let descriptor else { return }
    let bytes = name.utf8.prefix(31).map { CChar(bitPattern: $0) } + [0]
    _ = unsafe texalloc_dma_buf_set_name(descriptor.rawValue, bytes)
  }
}

/// What a registrar keeps with each slab, for as long as the slab lives: the import of the whole of
/// it, of which the images are parts.
///
/// A registrar makes one of these when it is made, and asks slabs with it.
public struct SlabCompanion<Companion: AnyObject & Sendable>: Sendable {
  fileprivate let number: UInt64

  public init() { number = SlabCompanionCount.last.add(1, ordering: .relaxed).newValue }
}

private enum SlabCompanionCount {
  static let last = Atomic<UInt64>(0)
}

extension Slab {
  /// What a registrar keeps with this slab; nil where that is nothing.
  public func companion<Companion>(_ kind: SlabCompanion<Companion>) -> Companion? {
    guard let kept = kept(kind.number) else { return nil }
    // Nobody else has the number, and asking what it is of takes longer than all the rest.
    return unsafe unsafeDowncast(kept, to: Companion.self)
  }

  private func kept(_ number: UInt64) -> (any AnyObject & Sendable)? {
    companions.withLock { companions in companions.first { $0.number == number }?.kept }
  }

  /// What a registrar keeps with this slab, made at the first call. It goes before the memory does,
  /// on whichever thread lets go of the slab.
  ///
  /// - Parameter make: Called without a lock. Where two threads are here at a time, the first to
  ///   return gives what both get, and the other's goes.
  public func companion<Companion, Failure>(
    _ kind: SlabCompanion<Companion>, make: () throws(Failure) -> Companion
  ) throws(Failure) -> Companion {
    if let companion = companion(kind) { return companion }
    let made = try make()
    return companions.withLock { companions in
      let first = companions.first { $0.number == kind.number }
      if let first = first?.kept as? Companion { return first }
      companions.append((kind.number, made))
      return made
    }
  }

  /// Lets go of what a registrar keeps with this slab, as one does that is closed.
  public func removeCompanion<Companion>(_ kind: SlabCompanion<Companion>) {
    _ = companions.withLock { companions in
      companions.firstIndex { $0.number == kind.number }.map { companions.remove(at: $0) }
    }
  }
}

/// For a cached slab that feeds a device outside the CPU's coherency domain. A write-combining slab
/// needs the store fence only, and so does memory without a descriptor.
extension Slab {
  /// - Parameter usage: What the CPU is about to do.
  package func beginCPUAccess(for usage: Set<CPUUsage>) throws(SystemFailure) {
    try synchronization?.begin(usage)
  }

  /// - Parameter usage: As it was said when the access began.
  package func endCPUAccess(for usage: Set<CPUUsage>) throws(SystemFailure) {
    try synchronization?.end(usage)
  }

  private var synchronization: DMABufSynchronization? {
    guard caching == .cached, let descriptor else { return nil }
    return DMABufSynchronization(descriptor: descriptor, name: heap)
  }
}

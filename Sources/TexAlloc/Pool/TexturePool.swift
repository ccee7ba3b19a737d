internal import Glibc

/// Memory for the images that a set of components shares.
///
/// What the components state decides kind by kind of image, which is a writer, a use and a sampling: who
/// touches such an image, how it gets to the devices among them, and which heap it lies in. That is found
/// out when the first image of a kind is allocated, and ``plan(for:_:)`` tells it; slabs of a heap are
/// made when an image first needs one. Each image is laid out for those that touch it, and carved from a
/// slab.
///
/// Any thread may allocate, and may let go of buffers. A pool keeps its components, since it asks them
/// when images of a new kind come; buffers keep their memory, and not the pool. Where the
/// environment has `TEXALLOC_LEAKS=1`, a pool that goes before its buffers names them on standard
/// error.
public final class TexturePool: Sendable {
  private let known: KnownPlans
  let stores: SlabStores

  /// - Parameters:
  ///   - components: All that will touch images of this pool, heaps aside.
  ///   - heaps: Where memory may come from, unless a device has its own; where nil, the heaps of this
  ///     machine, those first that a component lists first. Of those that suit everyone who touches an
  ///     image, the one whose caching ranks first is chosen; of equals, the earlier.
  /// - Throws: `AllocationError.invalid` for attributes that contradict themselves.
  public init(
    for components: [any Component], from heaps: [any Heap]? = nil,
    limits: PoolLimits = PoolLimits()
  ) throws(AllocationError) {
    stores = SlabStores(limits: limits)
    known = KnownPlans(
      by: try ImagePlanner(
        for: components, from: heaps ?? Heaps.present(for: components), into: stores))
    announce()
  }

  deinit {
    if LeakReport.isWanted { LeakReport(of: stores.snapshot)?.print() }
  }

  /// What the pool holds now.
  public var statistics: PoolStatistics { stores.statistics }

  /// Memory for one image, laid out for the one that writes it and those that will use it.
  ///
  /// It takes the best route to the devices on which everyone who touches the image agrees, and on which
  /// a small image of its kind showed what was written; the buffer tells which. The first image of a
  /// kind waits for that to be found out: some milliseconds.
  ///
  /// - Parameters:
  ///   - image: Its size, and who writes it.
  ///   - flags: What it is for. The components of the pool that do such things have their say; so do
  ///     those that state no usage, in every image. Those that only write by CPU have it in the images
  ///     that they write: where the writer has their name.
  ///   - name: For reports.
  ///   - waiting: Whether it waits for devices to be done with released images when the budget or the
  ///     heap has no more to give.
  /// - Throws: `AllocationError`; the pool is then as it was.
  public func allocate(
    _ image: ImageDescriptor, for flags: AllocationFlags = .texture, named name: String = "image",
    waiting: Waiting = .never
  ) throws(AllocationError) -> TextureBuffer {
    let label = SlotLabel(name: name, owner: image.writing.attributes.name)
    return try known.plans(of: image, for: flags).makeBuffer { plan throws(AllocationError) in
      try makeBuffer(image, flags, label, waiting, by: plan)
    }
  }

  private func makeBuffer(
    _ image: ImageDescriptor, _ flags: AllocationFlags, _ label: SlotLabel, _ waiting: Waiting,
    by plan: ImagePlan
  ) throws(AllocationError) -> TextureBuffer {
    do throws(AllocationError) {
      return try plan.store.makeBuffer(image, flags, label, waiting, by: plan)
    } catch {
      // Slabs of other heaps may stand empty.
      guard case .budget = error, stores.dropEmptySlabs() else { throw error }
      return try plan.store.makeBuffer(image, flags, label, waiting, by: plan)
    }
  }

  /// The same in the best way that there is for such images, waiting without holding a thread: for memory
  /// to be made, and for devices to be done with released images.
  ///
  /// - Parameter deadline: After which it fails. So it does when its task is cancelled while devices
  ///   are waited for.
  /// - Throws: `AllocationError`; the pool is then as it was.
  public func allocate(
    _ image: ImageDescriptor, for flags: AllocationFlags = .texture, named name: String = "image",
    waitingUntil deadline: ContinuousClock.Instant
  ) async throws(AllocationError) -> TextureBuffer {
    let plan = try known.plans(of: image, for: flags).best
    return try await plan.store.makeBuffer(
      image, flags, SlotLabel(name: name, owner: image.writing.attributes.name), .until(deadline),
      by: plan)
  }

  /// Where such an image has its memory, and why. Whatever its size, as far as those agree who touch it.
  ///
  /// - Throws: `AllocationError` where there is no memory for it.
  public func plan(
    for image: ImageDescriptor, _ flags: AllocationFlags = .texture
  ) throws(AllocationError) -> MemoryPlan {
    try known.plans(of: image, for: flags).best.memory
  }

  /// The plans of the kinds of images that were asked for of late, at most 64, the last used first.
  public var plans: [MemoryPlan] { known.all.map(\.best.memory) }
}

extension TexturePool {
  /// What the pool holds now, slot by slot.
  public var snapshot: PoolSnapshot { stores.snapshot }

  /// How the pool grows. They can be changed at any time: what they do not allow any more is not taken
  /// away from images, but no slab is added to it.
  public var limits: PoolLimits {
    get { stores.limits }
    set { stores.limits = newValue }
  }

  /// Takes back what devices are done with by now, which otherwise happens when memory is needed.
  ///
  /// - Returns: How many slots.
  @discardableResult
  public func collect() -> Int { stores.collect() }

  /// Gives memory back to the system until at most `bytes` have pages, or only what images use: closes
  /// empty slabs, and punches holes where the heap can. No image moves. Pages that the pool's thread is
  /// making ready at that moment come after it.
  ///
  /// - Returns: Bytes given back.
  @discardableResult
  public func trim(to bytes: Int = 0) -> Int { stores.trim(to: bytes) }
}

/// How a pool grows; in bytes.
public struct PoolLimits: Hashable, Sendable {
  /// The memory of this machine.
  public static let machineMemory = sysconf(CInt(_SC_PHYS_PAGES)) * pageSize

  /// The first slab; each further one is twice as large as the one before.
  public var firstSlab: Int
  /// The largest slab that several images share. An image above a quarter of it gets a slab of its
  /// own; of those up to twice as much is kept for the next ones.
  public var largestSlab: Int
  /// All slabs together.
  public var budget: Int
  /// What is made ready ahead of its use.
  public var prefault: Int

  /// - Parameters:
  ///   - firstSlab: Absent: 4 MiB.
  ///   - largestSlab: Absent: 64 MiB.
  ///   - budget: Absent: the memory of the machine.
  ///   - prefault: Absent: 8 MiB.
  public init(
    firstSlab: Int = 4 << 20, largestSlab: Int = 64 << 20, budget: Int = Self.machineMemory,
    prefault: Int = 8 << 20
  ) {
    self.firstSlab = firstSlab
    self.largestSlab = largestSlab
    self.budget = budget
    self.prefault = prefault
  }
}

/// What a pool holds at one moment.
public struct PoolStatistics: Hashable, Sendable {
  public let slabs: Int
  /// Bytes of all slabs.
  public let slabBytes: Int
  /// Bytes of the slabs that were used or made ready, and not given back since.
  public let residentBytes: Int
  /// Slots that are taken, those that wait for a fence among them.
  public let slots: Int
  /// Bytes of the slots that are taken.
  public let slotBytes: Int
  /// Slots that nobody holds any more, but whose fences have not been seen to pass.
  public let waitingSlots: Int
}

extension PoolStatistics {
  init() {
    self.init(slabs: 0, slabBytes: 0, residentBytes: 0, slots: 0, slotBytes: 0, waitingSlots: 0)
  }

  /// Of two parts of one pool.
  static func + (left: PoolStatistics, right: PoolStatistics) -> PoolStatistics {
    PoolStatistics(
      slabs: left.slabs + right.slabs, slabBytes: left.slabBytes + right.slabBytes,
      residentBytes: left.residentBytes + right.residentBytes, slots: left.slots + right.slots,
      slotBytes: left.slotBytes + right.slotBytes,
      waitingSlots: left.waitingSlots + right.waitingSlots)
  }
}

extension PoolStatistics: CustomStringConvertible {
  public var description: String {
    "\(slots) slots of \(slotBytes.inMebibytes), \(waitingSlots) of them waiting, in \(slabs) slabs"
      + " of \(slabBytes.inMebibytes), \(residentBytes.inMebibytes) of which have pages"
  }
}

extension Int {
  /// Bytes for a person: `1.5 MiB`.
  package var inMebibytes: String {
    "\((Double(self) / Double(1 << 20) * 10).rounded() / 10) MiB"
  }
}

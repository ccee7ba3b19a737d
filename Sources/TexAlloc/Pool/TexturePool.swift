internal import Glibc

/// Memory for the images that a set of components shares.
///
/// A pool is made once for its components: their attributes, merged without formats, choose the heap
/// and say what its slabs must be. Each image is then laid out for the components that touch it, and
/// carved from a slab.
///
/// Any thread may allocate, and may let go of buffers. Buffers keep their pool's memory alive. Where the
/// environment has `TEXALLOC_LEAKS=1`, a pool that goes before its buffers names them on standard
/// error.
public final class TexturePool: Sendable {
  /// What the pool's memory is, and why.
  public let plan: MemoryPlan
  private let components: PoolComponents
  private let merges = KnownMerges()
  let store: SlabStore

  /// - Parameters:
  ///   - components: All that will touch images of this pool, heaps aside.
  ///   - heaps: Where memory may come from; where nil, the heaps of this machine, those first that a
  ///     component lists first. Of those that suit everyone, the one whose caching ranks first is
  ///     chosen; of equals, the earlier. Where none does, and a device can copy images instead
  ///     of using their memory, one that suits that is chosen, and the plan says so.
  /// - Throws: `AllocationError.noHeap` with the reason for each heap, or `.invalid` for attributes
  ///   that contradict themselves.
  public init(
    for components: [any Component], from heaps: [any Heap]? = nil,
    limits: PoolLimits = PoolLimits()
  ) throws(AllocationError) {
    let heaps = heaps ?? Heaps.present(for: components)
    do throws(AllocationError) {
      (plan, store) = try HeapChoice(for: components, from: heaps, limits: limits).settle()
      self.components = PoolComponents(components)
    } catch {
      guard case .noHeap(let verdicts) = error,
        let copying = CopyingDevice.replacing(registrarsOf: components),
        // No device sees the memory, so the plainest comes first.
        let choice = try? HeapChoice(for: copying, from: heaps.reversed(), limits: limits),
        let settled = try? choice.settle()
      else { throw error }
      plan = settled.plan.copying(after: verdicts)
      store = settled.store
      self.components = PoolComponents(copying)
    }
    announce()
  }

  deinit {
    if LeakReport.isWanted { LeakReport(of: store.snapshot)?.print() }
  }

  /// What the pool holds now.
  public var statistics: PoolStatistics { store.statistics }

  /// Memory for one image, laid out for the one that writes it and those that will use it.
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
    let place = try layOut(image, for: flags)
    return try store.makeBuffer(
      place.layout, alignment: place.alignment, flags, waiting,
      label: SlotLabel(name: name, owner: image.writer.name))
  }

  /// The same, waiting without holding a thread: for memory to be made, and for devices to be done with
  /// released images.
  ///
  /// - Parameter deadline: After which it fails. So it does when its task is cancelled while devices
  ///   are waited for.
  /// - Throws: `AllocationError`; the pool is then as it was.
  public func allocate(
    _ image: ImageDescriptor, for flags: AllocationFlags = .texture, named name: String = "image",
    waitingUntil deadline: ContinuousClock.Instant
  ) async throws(AllocationError) -> TextureBuffer {
    let place = try layOut(image, for: flags)
    return try await store.makeBuffer(
      place.layout, alignment: place.alignment, flags, .until(deadline),
      label: SlotLabel(name: name, owner: image.writer.name))
  }

  /// Where the planes of an image lie, and what it begins at a multiple of.
  private func layOut(
    _ image: ImageDescriptor, for flags: AllocationFlags
  ) throws(AllocationError) -> (layout: ImageLayout, alignment: Int) {
    let merge = try merges.merge(of: image.writer, for: flags) { () throws(AllocationError) in
      try makeMerge(writtenBy: image.writer, for: flags)
    }
    let merged: MergedAttributes
    do {
      merged = try merge.attributes(for: image.size, in: image.table)
    } catch {
      throw .conflict(error)
    }
    if let lack = plan.lacks(merged) { throw lack }
    guard let layout = merged.layout else { throw .noFormat(image) }
    return (layout, merged.slotAlignment)
  }

  /// Everybody who has a say in an image, and the heap that it lies in.
  private func makeMerge(
    writtenBy writer: BufferAttributes, for flags: AllocationFlags
  ) throws(AllocationError) -> AttributeMerge {
    let participants = try components.participants(writtenBy: writer, for: flags)
    do {
      return try AttributeMerge([store.heap.attributes] + participants)
    } catch {
      throw .invalid(error)
    }
  }
}

extension TexturePool {
  /// What the pool holds now, slot by slot.
  public var snapshot: PoolSnapshot { store.snapshot }

  /// How the pool grows. They can be changed at any time: what they do not allow any more is not taken
  /// away from images, but no slab is added to it.
  public var limits: PoolLimits {
    get { store.limits }
    set { store.limits = newValue }
  }

  /// Takes back what devices are done with by now, which otherwise happens when memory is needed.
  ///
  /// - Returns: How many slots.
  @discardableResult
  public func collect() -> Int { store.collect() }

  /// Gives memory back to the system until at most `bytes` have pages, or only what images use: closes
  /// empty slabs, and punches holes where the heap can. No image moves. Pages that the pool's thread is
  /// making ready at that moment come after it.
  ///
  /// - Returns: Bytes given back.
  @discardableResult
  public func trim(to bytes: Int = 0) -> Int { store.trim(to: bytes) }
}

/// How a pool grows; in bytes.
public struct PoolLimits: Hashable, Sendable {
  /// The memory of this machine.
  public static let machineMemory = sysconf(CInt(_SC_PHYS_PAGES)) * pageSize

  /// The first slab; each further one is twice as large as the one before.
  public var firstSlab: Int
  /// The largest slab that several images share. An image above a quarter of it gets a slab of its
  /// own.
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

extension PoolStatistics: CustomStringConvertible {
  public var description: String {
    "\(slots) slots of \(slotBytes.inMebibytes), \(waitingSlots) of them waiting, in \(slabs) slabs"
      + " of \(slabBytes.inMebibytes), \(residentBytes.inMebibytes) of which have pages"
  }
}

extension Int {
  /// Bytes for a person: `1.5 MiB`.
  fileprivate var inMebibytes: String {
    "\((Double(self) / Double(1 << 20) * 10).rounded() / 10) MiB"
  }
}

internal import Synchronization
public import SystemPackage

/// Memory for one image: carved from a slab of a pool, or adopted from the application.
///
/// Whoever uses the memory holds the buffer. When the last holder lets go, on any thread, the slot
/// returns to the pool as soon as every fence that a device left on it has passed.
public final class TextureBuffer: Sendable {
  /// What a buffer is told apart by: never used twice in a process.
  public struct ID: Hashable, Sendable {
    private static let last = Atomic<UInt64>(0)
    package let number = last.add(1, ordering: .relaxed).newValue
  }

  public let id = ID()
  /// What the caller called it; for reports.
  public let name: String
  public let layout: ImageLayout
  /// Bytes from the start of the slab to the image.
  public let offset: Int

  let memory: any BufferMemory
  let use = PlaneUse()
  private let state: Mutex<State>

  /// Whether its memory is needed after the device has a copy.
  package let isKept: Bool

  private struct State: ~Copyable {
    var fences: [any Fence] = []
    /// What the next writer waits for.
    var copy: (any Fence)?
    var isAddedTo = false
    var isSpent = false
    /// Why what is in the memory is no picture.
    var flaw: String?
    var finisher: FinisherChoice?
    /// The connection that it went to another process by.
    var peer: UInt64?
    /// What the pool wants back.
    var slot: Slot?
  }

  /// - Parameters:
  ///   - offset: Such that the layout fits the memory.
  ///   - slot: Where the memory is of a pool, the slot in it.
  ///   - isKept: Whether the memory is needed when a device has a copy, too.
  init(
    name: String, layout: ImageLayout, in memory: consuming any BufferMemory, at offset: Int,
    slot: consuming Slot? = nil, isKept: Bool = true
  ) {
    self.name = name
    self.layout = layout
    self.memory = memory
    self.offset = offset
    self.isKept = isKept
    state = Mutex(State(slot: slot))
  }

  deinit {
    // Nobody else is here any more.
    state.withLock { state in
      guard let slot = state.slot.take() else { return }
      memory.release(slot, after: state.fences, isWritten: state.flaw == nil)
    }
  }

  /// The heap that the memory came from; `memory` for what no device sees; nil for memory of the
  /// application whose origin cannot be known.
  public var heap: String? { memory.heap }
  /// Whether devices know no such heap by its name.
  var isForeign: Bool { memory.isForeign }
  /// How the CPU's mapping of the memory is cached; nil where that is not known.
  public var caching: Caching? { memory.caching }
  /// What the CPU may do with it: what its writer and the flags asked for, or what it was adopted for.
  public var cpuUsage: Set<CPUUsage> { memory.plan?.cpuUsage ?? memory.cpuUsage }
  /// What devices may do with it: what its flags asked for; nil for memory that no pool has planned, of
  /// which the application knows.
  public var deviceUsage: Set<DeviceUsage>? { memory.plan?.deviceUsage }
  /// Whether its device is to show it small.
  package var wantsMipmaps: Bool { deviceUsage?.contains(.mipmap) == true }
  /// Whether the CPU could write it, asked or not.
  package var isMappedForWriting: Bool { memory.cpuUsage.contains(where: \.isWrite) }
  /// Whether the CPU could read it, asked or not.
  package var isMappedForReading: Bool { memory.cpuUsage.contains(.read) }
  /// Bytes of the slab.
  public var slabSize: Int { memory.size }

  /// Why the memory is what it is, and how the image gets from there to its devices; nil for memory
  /// that no pool has planned.
  public var plan: MemoryPlan? { memory.plan?.memory }
  /// How the image gets to its devices; nil where no component of its pool registers it.
  public var route: Route? {
    // The rest of the plan is not to be copied.
    guard let plan = memory.plan else { return nil }
    return plan.memory.route
  }

  /// The slab that the image lies in; nil for memory of the application, or that no device sees.
  public var slab: Slab? { memory.slab }
  /// The descriptor of the memory, in which the image begins at `offset`, for as long as the buffer
  /// lives; nil for memory that has none, and where planes lie in several. Other images may share the
  /// slab, so it is for devices of this process only.
  public var descriptor: FileDescriptor? { memory.descriptor }

  /// The memory that a plane lies in, for as long as the buffer lives, and how many bytes from its
  /// start the plane begins: what a device is told that imports it.
  public func place(ofPlane index: Int) -> (descriptor: FileDescriptor?, offset: Int) {
    memory.place(at: offset + layout.planes[index].offset)
  }

  /// Keeps the slot from being used again until the fence has passed, even when nobody holds the
  /// buffer any more.
  ///
  /// - Parameter writers: Whether the next writer of the image waits for the fence, too: for a device
  ///   that copies the image. One that only adds pixels, as a glyph cache does, waits for nobody.
  public func hold(until fence: any Fence, writers: Bool = false) {
    if writers { holdWriters(until: fence) }
    let before: [any Fence] = state.withLock { state in
      if state.fences.count == 1, state.fences[0] === fence { return [] }
      defer { state.fences = [fence] }
      return state.fences
    }
    if before.isEmpty { return }
    // A fence may be the application's own, so it is not asked under the lock.
    let pending = before.filter { $0 !== fence && !$0.hasPassed }
    if !pending.isEmpty { state.withLock { $0.fences += pending } }
  }

  /// Has the next writer of the image wait for a fence, unless it only adds to what is there.
  package func holdWriters(until fence: any Fence) {
    let before = state.withLock { state in
      defer { if !state.isAddedTo { state.copy = fence } }
      return state.copy
    }
    // The last holder of a fence may be its end, which is not to come under the lock.
    withExtendedLifetime(before) {}
  }

  /// Whether whoever writes the image again changes no pixel that is shown, and adds others, as a glyph cache
  /// does: then a writer waits for no device that copies it, which finds those pixels whatever it copies.
  package var isAddedTo: Bool {
    get { state.withLock { $0.isAddedTo } }
    set { state.withLock { $0.isAddedTo = newValue } }
  }

  /// Says that writing the image failed or was cancelled: what its memory holds is no picture. A
  /// decoder calls it where it throws, instead of cleaning up.
  ///
  /// From now on registering, reading and exporting it are refused with these words; what was
  /// registered before stays as it is. The slot comes back like any other, when nobody holds the
  /// buffer: what the next one finds in it is decided then.
  ///
  /// - Parameter reason: In words. Those of the first call stay.
  public func discard(because reason: String) {
    state.withLock { if $0.flaw == nil { $0.flaw = reason } }
  }

  /// Who finished the decoding of the picture, and why not the GPU; nil where nobody said so. Whoever
  /// asks a device, as the loader does, notes the answer here, and textures tell it.
  public var finisher: FinisherChoice? {
    get { state.withLock { $0.finisher } }
    set { state.withLock { $0.finisher = newValue } }
  }

  /// Whether its memory is its own, with what was written there.
  var hasContents: Bool {
    let isWhole = state.withLock { $0.flaw == nil && !$0.isSpent }
    return isWhole && !isLost
  }

  /// Why the image was discarded; nil where it was not.
  public var discardReason: String? { state.withLock { $0.flaw } }

  /// Notes which peer gets the memory; answers whether no other ever got it.
  func isFirstShared(with peer: UInt64) -> Bool {
    state.withLock { state in
      if state.peer == nil { state.peer = peer }
      return state.peer == peer
    }
  }

  /// Says that the only device of the image has a copy of it. Its slot returns to the pool when the fences
  /// so far have passed, though somebody holds the buffer. From now on writing it ends the process, and
  /// reading, exporting and registering it are refused.
  ///
  /// Nothing happens where the memory is still needed: by an image that was allocated for more than
  /// ``AllocationFlags/texture``, that several devices use or its writer reads, or that somebody reads
  /// or writes just now; nor where it is of no pool with a device.
  ///
  /// - Returns: Whether it is spent.
  @discardableResult
  public func spend() -> Bool {
    if isKept { return false }
    for plane in layout.planes.indices where use.begin(.writer, ofPlane: plane) != nil {
      for begun in 0..<plane { use.end(.writer, ofPlane: begun) }
      return isSpent
    }
    // The planes stay taken, so that nobody else gets at the memory.
    let fences = state.withLock { state in
      state.isSpent = true
      return state.fences
    }
    if let slot = state.withLock({ $0.slot.take() }) {
      memory.release(slot, after: fences, isWritten: true)
    }
    return true
  }

  /// Waits until devices have copied what is there; so do the writers of other planes meanwhile.
  func waitForCopy() {
    guard let copy = state.withLock({ $0.copy }), copy.wait(until: .now + Self.longestCopy) else {
      return
    }
    state.withLock { if $0.copy === copy { $0.copy = nil } }
  }

  /// Of a GPU that hangs; what it then copies is torn.
  private static let longestCopy = Duration.seconds(10)

  /// Whether a device has copied it, and its memory is somebody else's.
  public var isSpent: Bool { state.withLock { $0.isSpent } }

  /// Whether its memory was of a device that is lost, and what was in it with that. Registering and reading
  /// it are refused from then on; who writes it goes on to no effect. What lies elsewhere stays, for the next
  /// device.
  public var isLost: Bool { memory.isLost }

  /// Memory of the same kind for trying out the first rows of such an image, surely not at the start
  /// of its slab unless it can be nowhere else; nil where no such memory is to be had.
  public func makeTrial() throws(AllocationError) -> TextureBuffer? {
    try memory.makeTrial(of: layout.cut(toRows: 16), at: offset)
  }
}

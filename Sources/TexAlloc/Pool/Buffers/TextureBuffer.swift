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
    private let number = last.add(1, ordering: .relaxed).newValue
  }

  public let id = ID()
  /// What the caller called it; for reports.
  public let name: String
  public let layout: ImageLayout
  /// Bytes from the start of the slab to the image.
  public let offset: Int

  let memory: any BufferMemory
  private let fences = Mutex<[any Fence]>([])

  /// - Parameter offset: Such that the layout fits the memory.
  init(name: String, layout: ImageLayout, in memory: any BufferMemory, at offset: Int) {
    self.name = name
    self.layout = layout
    self.memory = memory
    self.offset = offset
  }

  deinit { memory.release(after: fences.withLock { $0 }) }

  /// The heap that the memory came from; `memory` for what no device sees; nil for memory of the
  /// application whose origin cannot be known.
  public var heap: String? { memory.heap }
  /// How the CPU's mapping of the memory is cached; nil where that is not known.
  public var caching: Caching? { memory.caching }
  /// What the CPU can do with it: nothing where the application's memory was adopted unmapped.
  public var cpuUsage: Set<CPUUsage> { memory.cpuUsage }
  /// Bytes of the slab.
  public var slabSize: Int { memory.size }

  /// The slab that the image lies in; nil for memory of the application, or that no device sees.
  public var slab: Slab? { memory.slab }
  /// The descriptor of the memory, in which the image begins at `offset`, for as long as the buffer
  /// lives; nil for memory that has none. Other images may share the slab, so it is for devices of
  /// this process only.
  public var descriptor: FileDescriptor? { memory.descriptor }

  /// Keeps the slot from being used again until the fence has passed, even when nobody holds the
  /// buffer any more.
  public func hold(until fence: any Fence) {
    let before = fences.withLock { fences in
      defer { fences = [fence] }
      return fences
    }
    // A fence may be the application's own, so it is not asked under the lock.
    let pending = before.filter { !$0.hasPassed }
    fences.withLock { $0 += pending }
  }

  /// Memory of the same kind for trying out the first rows of such an image, surely not at the start
  /// of its slab unless it can be nowhere else; nil where no such memory is to be had.
  public func makeTrial() throws(AllocationError) -> TextureBuffer? {
    try memory.makeTrial(of: layout.cut(toRows: 16), at: offset)
  }
}

internal import Synchronization
public import SystemPackage

/// Memory for one image, carved from a slab of its pool.
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

  private let slot: Slot
  private let store: SlabStore
  private let fences = Mutex<[any Fence]>([])

  /// - Parameter offset: Within the slot, and so that the layout fits.
  init(name: String, layout: ImageLayout, in slot: Slot, at offset: Int, of store: SlabStore) {
    precondition(slot.range.contains(offset) && offset + layout.size <= slot.range.upperBound)
    self.name = name
    self.layout = layout
    self.slot = slot
    self.offset = offset
    self.store = store
  }

  deinit { store.release(slot, after: fences.withLock { $0 }) }

  /// The heap that the memory came from.
  public var heap: String { slot.slab.heap }
  /// How the CPU's mapping of the memory is cached.
  public var caching: Caching { slot.slab.caching }
  /// The slab's descriptor, in which the image begins at `offset`, for as long as the buffer lives.
  /// Other images may share the slab, so it is for devices of this process only.
  public var descriptor: FileDescriptor { slot.slab.descriptor }
  /// Bytes of the slab.
  public var slabSize: Int { slot.slab.size }

  /// Keeps the slot from being used again until the fence has passed, even when nobody holds the
  /// buffer any more.
  public func hold(until fence: any Fence) {
    fences.withLock {
      $0.removeAll { $0.hasPassed }
      $0.append(fence)
    }
  }

  /// Writes one plane. Two writers of the same rows at a time tear what they write.
  @_lifetime(borrow self)
  public func writer(ofPlane plane: Int = 0) -> PlaneWriter {
    // The buffer keeps the mapping, and the writer cannot outlive the buffer.
    unsafe PlaneWriter(
      bytes(ofPlane: plane), pitch: layout.planes[plane].pitch,
      rowSize: layout.rowSize(ofPlane: plane), rowCount: layout.rowCount(ofPlane: plane))
  }

  /// Reads one plane: all of its rows with their padding.
  ///
  /// - Parameter evenIfSlow: Loads from memory that is not cached take up to a thousand times as long
  ///   as others, so they must be asked for.
  /// - Throws: `ReadbackRefused` for such memory, unless it is asked for.
  public func withReadback<Result: ~Copyable>(
    ofPlane plane: Int = 0, evenIfSlow: Bool = false, _ body: (Span<UInt8>) -> Result
  ) throws(ReadbackRefused) -> Result {
    guard caching == .cached || evenIfSlow else {
      throw ReadbackRefused(buffer: name, heap: heap, caching: caching)
    }
    let bytes = unsafe UnsafeRawBufferPointer(bytes(ofPlane: plane))
    return unsafe body(Span(_unsafeBytes: bytes))
  }

  /// Memory of the same kind for trying out such an image: the same layout, in the same pool, surely
  /// not at the start of its slab.
  package func makeTrial() throws(AllocationError) -> TextureBuffer {
    try store.makeTrial(layout, alignment: slot.alignment)
  }

  @unsafe private func bytes(ofPlane index: Int) -> UnsafeMutableRawBufferPointer {
    let plane = layout.planes[index]
    let start = offset + plane.offset
    return unsafe slot.slab.bytes(in: start..<start + plane.pitch * plane.rows)
  }
}

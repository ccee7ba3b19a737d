internal import CVulkan
internal import SystemPackage
public import TexAlloc

/// Memory of a GPU as a heap: one type of it that the CPU can map.
///
/// Its name in attributes is `vulkan:UUID:N`, of the device and the number of the type. Where one device
/// is opened twice, the memory of the second is called `vulkan:UUID:N#2`, since neither sees the other's. What
/// other APIs of the GPU may open is called `vulkan:UUID:N:shared`. Each slab is one `VkDeviceMemory`, mapped once. On a discrete GPU that shows all of its memory over the bus
/// this is memory of the device's own, really write-combining.
public struct VulkanHeap: Heap {
  public let attributes: BufferAttributes
  public let type: VulkanMemoryType
  /// How the mapping is cached, and how long a core takes to read and to write it.
  public let caching: CachingVerdict
  /// Whether other APIs of the same GPU may open its slabs.
  public let isShared: Bool
  private let connection: VulkanConnection
  private let ledger: MemoryLedger

  /// Measures how the mapping is cached.
  ///
  /// - Throws: `VulkanFailure` where the device gives none of it.
  init(
    named name: String, of type: VulkanMemoryType, shared isShared: Bool = false,
    on connection: VulkanConnection, in ledger: MemoryLedger
  ) throws(VulkanFailure) {
    let sample = try unsafe DeviceMemory(
      MemoryTiming.size, of: type, on: connection, in: ledger)
    let caching = unsafe CachingVerdict(measuring: try sample.map())
    let alignment = type.isCoherent ? 1 : connection.description.nonCoherentAtomSize
    attributes = BufferAttributes(name: name, provides: ProvidedMemory()) {
      $0.heaps = [name]
      $0.caching = [caching.stated]
      // What is flushed of one image is nobody else's.
      $0.offsetAlignment = max(TexAlloc.pageSize, alignment)
      $0.sizeAlignment = max(TexAlloc.pageSize, alignment)
    }
    self.type = type
    self.caching = caching
    self.isShared = isShared
    self.connection = connection
    self.ledger = ledger
  }

  public var isLost: Bool { connection.loss.hasHappened }

  public func makeSlab(of size: Int) throws(SystemFailure) -> Slab {
    if isLost || ledger.isClosed {
      throw SystemFailure("makeSlab", on: name, .operationNotSupportedByDevice)
    }
    let size = try wholePages(size)
    let memory: DeviceMemory
    let bytes: UnsafeMutableRawBufferPointer
    do {
      memory =
        try isShared
        ? .exported(size, of: type, on: connection, in: ledger)
        : unsafe DeviceMemory(size, of: type, on: connection, in: ledger)
      unsafe bytes = try memory.map()
    } catch {
      throw SystemFailure(error.operation, on: name, .noMemory)
    }
    // What lies in new memory is not defined.
    unsafe bytes.initializeMemory(as: UInt8.self, repeating: 0)
    let flush: (@Sendable (Range<Int>) -> Void)? =
      type.isCoherent ? nil : { @Sendable range in memory.flush(range) }
    flush?(0..<size)
    let slab = try unsafe Slab(
      mapped: bytes, ownedBy: memory, of: name, caching: caching.stated, flushing: flush)
    _ = slab.companion(DeviceMemory.ofSlab) { memory }
    if isShared { export(memory, of: slab) }
    return slab
  }

  private func export(_ memory: DeviceMemory, of slab: Slab) {
    let (description, name) = (connection.description, name)
    _ = slab.companion(ExportedMemory.ofSlab) {
      ExportedMemory(
        device: description.uuid, driver: description.driverUUID, size: memory.size
      ) { () throws(SystemFailure) in
        do throws(VulkanFailure) { return try memory.descriptor() } catch {
          throw SystemFailure(error.operation, on: name, .noMemory)
        }
      }
    }
  }
}

internal import CVulkan
internal import Synchronization
internal import TexAlloc

/// Memory for images of the GPU's own: blocks that many share, so that none is allocated from the driver for
/// each image.
final class ImageMemory: Sendable {
  private let connection: VulkanConnection
  private let ledger: MemoryLedger
  private let blocks = Mutex<[Block]>([])

  /// Bytes of a block; an image of more than a quarter of that has memory of its own, and so has any for
  /// which there is no room for a block.
  private static let blockSize = 32 << 20
  private static let granularity = 4096

  init(on connection: VulkanConnection, in ledger: MemoryLedger) {
    self.connection = connection
    self.ledger = ledger
  }

  /// - Parameter needs: Of an image.
  /// - Throws: `VulkanFailure` where the device has no more.
  func allocate(_ needs: VkMemoryRequirements) throws(VulkanFailure) -> ImagePlace {
    let types = connection.description.memoryTypes.filter {
      needs.memoryTypeBits >> $0.index & 1 == 1 && $0.isOrdinary
    }
    guard let type = types.first(where: \.isDeviceLocal) ?? types.first else {
      throw .unsupported("memoryTypeBits", "no memory for images")
    }
    let (size, alignment) = (Int(needs.size), Int(needs.alignment))
    if size > Self.blockSize / 4 { return try own(size, of: type) }
    // A new block is made without the lock: the driver may take its time.
    let known = blocks.withLock { $0 }
    for block in known where block.memory.type == type {
      if let place = block.allocate(size, alignment) { return place }
    }
    let block: Block
    do throws(VulkanFailure) {
      block = Block(
        try unsafe DeviceMemory(Self.blockSize, of: type, on: connection, in: ledger))
    } catch  where error.cause == .outOfMemory {
      // There may be room for this one still.
      return try own(size, of: type)
    }
    blocks.withLock { $0.append(block) }
    guard let place = block.allocate(size, alignment) else {
      throw .failed("vkAllocateMemory", "an alignment of \(alignment)")
    }
    return place
  }

  /// Memory for one image alone.
  private func own(
    _ size: Int, of type: VulkanMemoryType
  ) throws(VulkanFailure) -> ImagePlace {
    ImagePlace(
      memory: try unsafe DeviceMemory(size, of: type, on: connection, in: ledger), offset: 0)
  }

  /// Lets go of blocks that hold nothing.
  func trim() {
    _ = blocks.withLock { blocks in
      defer { blocks.removeAll(where: \.isEmpty) }
      return blocks.filter(\.isEmpty)
    }
  }

  /// One allocation of the driver's, divided.
  fileprivate final class Block: Sendable {
    let memory: DeviceMemory
    private let ranges: Mutex<Ranges>

    private struct Ranges: ~Copyable {
      var allocator = RangeAllocator(
        capacity: ImageMemory.blockSize, granularity: ImageMemory.granularity)
      /// By where they begin.
      var leases: [Int: LeaseBox] = [:]
    }

    private final class LeaseBox {
      var lease: RangeAllocator.Lease?
      init(_ lease: consuming RangeAllocator.Lease) { self.lease = consume lease }
    }

    init(_ memory: DeviceMemory) {
      self.memory = memory
      ranges = Mutex(Ranges())
    }

    var isEmpty: Bool { ranges.withLock { $0.allocator.allocated == 0 } }

    func allocate(_ size: Int, _ alignment: Int) -> ImagePlace? {
      ranges.withLock { ranges in
        guard let lease = ranges.allocator.allocate(size, alignment: alignment) else { return nil }
        let offset = lease.range.lowerBound
        ranges.leases[offset] = LeaseBox(lease)
        return ImagePlace(memory: memory, offset: offset, block: self)
      }
    }

    func free(_ offset: Int) {
      ranges.withLock { ranges in
        if let lease = ranges.leases.removeValue(forKey: offset)?.lease.take() {
          ranges.allocator.free(lease)
        }
      }
    }
  }
}

/// Memory of one image of the GPU's own; free again when nobody holds it.
final class ImagePlace: Sendable {
  let memory: DeviceMemory
  let offset: Int
  private let block: ImageMemory.Block?

  fileprivate init(memory: DeviceMemory, offset: Int, block: ImageMemory.Block? = nil) {
    (self.memory, self.offset, self.block) = (memory, offset, block)
  }

  deinit { block?.free(offset) }
}

internal import CVulkan
internal import Synchronization
internal import TexAlloc

/// The memory of a device that the CPU can map, type by type, the best first. Each is measured when first
/// asked for.
final class VulkanHeaps: Sendable {
  /// What they are called, known before any is measured.
  let names: [String]
  private let types: [VulkanMemoryType]
  private let connection: VulkanConnection
  private let ledger: MemoryLedger
  private let measured = Mutex<[VulkanHeap]?>(nil)

  init(of connection: VulkanConnection, in ledger: MemoryLedger) {
    let description = connection.description
    types = Self.ranked(description.memoryTypes.filter { $0.isHostVisible && $0.isOrdinary })
    let prefix = HeapNames.shared.unique("vulkan:\(description.uuid)")
    let number = prefix.dropFirst("vulkan:\(description.uuid)".count)
    names = types.map { "vulkan:\(description.uuid):\($0.index)\(number)" }
    self.connection = connection
    self.ledger = ledger
  }

  /// The device's own comes first, unless a narrow window is all that shows of it.
  static func ranked(_ types: [VulkanMemoryType]) -> [VulkanMemoryType] {
    types.filter { $0.isDeviceLocal && !$0.isWindow } + types.filter { !$0.isDeviceLocal }
      + types.filter(\.isWindow)
  }

  /// All of them that give memory.
  var all: [VulkanHeap] {
    measured.withLock { known in
      if let known { return known }
      let heaps = zip(names, types).compactMap {
        try? VulkanHeap(named: $0, of: $1, on: connection, in: ledger)
      }
      known = heaps
      return heaps
    }
  }

  /// Those that images are given without being asked for by name: the windows only where there is
  /// nothing else.
  var preferred: [VulkanHeap] {
    let wide = all.filter { !$0.type.isWindow }
    return wide.isEmpty ? all : wide
  }
}

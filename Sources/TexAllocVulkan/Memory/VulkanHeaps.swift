internal import CVulkan
internal import Synchronization
internal import TexAlloc

/// The memory of a device that the CPU can map, type by type, the best first. Each is measured when first
/// asked for.
final class VulkanHeaps: Sendable {
  /// What they are called, known before any is measured.
  let names: [String]
  /// The same of memory that other APIs of the GPU may open; none where the driver exports none.
  let sharedNames: [String]
  private let types: [VulkanMemoryType]
  private let connection: VulkanConnection
  private let ledger: MemoryLedger
  /// Those that gave memory, by their names.
  private let measured = Mutex<[String: VulkanHeap]>([:])

  init(of connection: VulkanConnection, in ledger: MemoryLedger) {
    let description = connection.description
    types = Self.ranked(description.memoryTypes.filter { $0.isHostVisible && $0.isOrdinary })
    let prefix = HeapNames.shared.unique("vulkan:\(description.uuid)")
    let number = prefix.dropFirst("vulkan:\(description.uuid)".count)
    names = types.map { "vulkan:\(description.uuid):\($0.index)\(number)" }
    sharedNames = connection.exportsMemory ? names.map { $0 + ":shared" } : []
    self.connection = connection
    self.ledger = ledger
  }

  /// The device's own comes first, unless a narrow window is all that shows of it.
  static func ranked(_ types: [VulkanMemoryType]) -> [VulkanMemoryType] {
    types.filter { $0.isDeviceLocal && !$0.isWindow } + types.filter { !$0.isDeviceLocal }
      + types.filter(\.isWindow)
  }

  /// All of them that give memory; those that give none now are asked again the next time.
  var all: [VulkanHeap] { heaps(named: names, shared: false) }

  /// The same of memory that other APIs of the GPU may open.
  var shared: [VulkanHeap] { heaps(named: sharedNames, shared: true) }

  private func heaps(named names: [String], shared isShared: Bool) -> [VulkanHeap] {
    if ledger.isClosed { return [] }
    return measured.withLock { known in
      zip(names, types).compactMap { name, type in
        if let heap = known[name] { return heap }
        let heap = try? VulkanHeap(
          named: name, of: type, shared: isShared, on: connection, in: ledger)
        known[name] = heap
        return heap
      }
    }
  }

  /// Those that images are given without being asked for by name: the windows only where there is
  /// nothing else.
  var preferred: [VulkanHeap] {
    let wide = all.filter { !$0.type.isWindow }
    return wide.isEmpty ? all : wide
  }
}

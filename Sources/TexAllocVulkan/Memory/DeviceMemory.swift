internal import CVulkan
internal import Synchronization
internal import SystemPackage
internal import TexAlloc

/// One allocation of a device's memory, or one import of memory that is somebody else's.
@safe final class DeviceMemory: @unchecked Sendable {  // handle and address never change
  /// How a slab of the device's own memory tells it.
  static let ofSlab = SlabCompanion<DeviceMemory>()

  let memory: VkDeviceMemory
  let size: Int
  let type: VulkanMemoryType
  /// What it was imported by, or is exported by; 0 for memory that is the device's alone.
  let handleType: UInt32
  let connection: VulkanConnection
  private let ledger: MemoryLedger
  /// Unmapped after it.
  private let mapping: FileMapping?

  /// - Parameters:
  ///   - extension: A structure that says more: what is imported.
  ///   - handleType: By what it is imported.
  ///   - mapping: Of which it is an import.
  /// - Throws: `VulkanFailure`, out of memory also beyond the budget of VK_EXT_memory_budget.
  @unsafe init(
    _ size: Int, of type: VulkanMemoryType, on connection: VulkanConnection,
    in ledger: MemoryLedger, extension: UnsafeRawPointer? = nil, handleType: UInt32 = 0,
    keeping mapping: FileMapping? = nil
  ) throws(VulkanFailure) {
    var info = unsafe VkMemoryAllocateInfo(
      sType: VK_STRUCTURE_TYPE_MEMORY_ALLOCATE_INFO, pNext: `extension`,
      allocationSize: VkDeviceSize(size), memoryTypeIndex: UInt32(type.index))
    var memory: VkDeviceMemory?
    try ledger.add(size)
    do throws(VulkanFailure) {
      let isOwn = [0, Self.exportedType].contains(handleType)
      if isOwn, let budget = connection.budget(for: type), size > budget {
        throw VulkanFailure(
          cause: .outOfMemory, operation: "VK_EXT_memory_budget",
          reason: "\(size) bytes, where \(budget) are left")
      }
      try connection.check(
        "vkAllocateMemory",
        unsafe connection.functions.allocateMemory(connection.device, &info, nil, &memory))
    } catch {
      ledger.remove(size)
      throw error
    }
    guard let memory = unsafe memory else { throw .failed("vkAllocateMemory", "no handle") }
    unsafe self.memory = memory
    self.size = size
    self.type = type
    self.handleType = handleType
    self.connection = connection
    self.ledger = ledger
    self.mapping = mapping
  }

  /// What other APIs of the same GPU open memory by.
  static let exportedType = VK_EXTERNAL_MEMORY_HANDLE_TYPE_OPAQUE_FD_BIT.rawValue

  /// Memory that other APIs of the same GPU may open.
  static func exported(
    _ size: Int, of type: VulkanMemoryType, on connection: VulkanConnection,
    in ledger: MemoryLedger
  ) throws(VulkanFailure) -> DeviceMemory {
    var info = unsafe VkExportMemoryAllocateInfo(
      sType: VK_STRUCTURE_TYPE_EXPORT_MEMORY_ALLOCATE_INFO, pNext: nil,
      handleTypes: exportedType)
    return try unsafe DeviceMemory(
      size, of: type, on: connection, in: ledger, extension: &info, handleType: exportedType)
  }

  /// A descriptor of memory that is exported.
  func descriptor() throws(VulkanFailure) -> OwnedDescriptor {
    guard let get = unsafe connection.functions.memoryDescriptor else {
      throw .unsupported("VK_KHR_external_memory_fd", "it is not enabled")
    }
    var info = unsafe VkMemoryGetFdInfoKHR(
      sType: VK_STRUCTURE_TYPE_MEMORY_GET_FD_INFO_KHR, pNext: nil, memory: memory,
      handleType: VkExternalMemoryHandleTypeFlagBits(handleType))
    var descriptor: CInt = -1
    try connection.check(
      "vkGetMemoryFdKHR", unsafe get(connection.device, &info, &descriptor))
    return OwnedDescriptor(owning: FileDescriptor(rawValue: descriptor))
  }

  deinit {
    // What is mapped is unmapped with it.
    unsafe connection.functions.freeMemory(connection.device, memory, nil)
    ledger.remove(size)
  }

  /// Maps all of it, once and for good.
  @unsafe func map() throws(VulkanFailure) -> UnsafeMutableRawBufferPointer {
    var address: UnsafeMutableRawPointer?
    try connection.check(
      "vkMapMemory",
      unsafe connection.functions.mapMemory(
        connection.device, memory, 0, VkDeviceSize(size), 0, &address))
    guard let address = unsafe address else { throw .failed("vkMapMemory", "no address") }
    return unsafe UnsafeMutableRawBufferPointer(start: address, count: size)
  }

  /// Has the device see what the CPU wrote to a range of memory that is mapped and not coherent.
  func flush(_ range: Range<Int>) {
    let atom = connection.description.nonCoherentAtomSize
    let start = range.lowerBound / atom * atom
    let end = min(range.upperBound.roundedUp(toMultipleOf: atom), size)
    var mapped = unsafe VkMappedMemoryRange(
      sType: VK_STRUCTURE_TYPE_MAPPED_MEMORY_RANGE, pNext: nil, memory: memory,
      offset: VkDeviceSize(start), size: VkDeviceSize(end - start))
    // What fails for want of memory is tried once more by nobody: the next submission flushes, too.
    _ = unsafe connection.functions.flushMappedMemory(connection.device, 1, &mapped)
  }
}

/// How much memory of a device is alive, and whether there may be more.
final class MemoryLedger: Sendable {
  private let state = Mutex((count: 0, bytes: 0, isClosed: false))

  var live: (count: Int, bytes: Int) { state.withLock { ($0.count, $0.bytes) } }
  var isClosed: Bool { state.withLock { $0.isClosed } }

  /// Has nothing be allocated any more, unless something is alive.
  ///
  /// - Returns: Whether nothing is.
  func close() -> Bool {
    state.withLock { state in
      if state.count == 0 { state.isClosed = true }
      return state.isClosed
    }
  }

  fileprivate func add(_ size: Int) throws(VulkanFailure) {
    let isClosed = state.withLock { state in
      if !state.isClosed { (state.count, state.bytes) = (state.count + 1, state.bytes + size) }
      return state.isClosed
    }
    if isClosed {
      throw VulkanFailure(cause: .closed, operation: "vkAllocateMemory", reason: "it was closed")
    }
  }

  fileprivate func remove(_ size: Int) {
    state.withLock { ($0.count, $0.bytes) = ($0.count - 1, $0.bytes - size) }
  }
}

extension VulkanConnection {
  /// Bytes that may still be allocated of the heap of a memory type; nil where the driver keeps no
  /// budget.
  func budget(for type: VulkanMemoryType) -> Int? {
    guard description.extensions.contains("VK_EXT_memory_budget") else { return nil }
    var budget = unsafe VkPhysicalDeviceMemoryBudgetPropertiesEXT()
    unsafe budget.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_MEMORY_BUDGET_PROPERTIES_EXT
    var properties = unsafe VkPhysicalDeviceMemoryProperties2()
    unsafe properties.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_MEMORY_PROPERTIES_2
    unsafe withUnsafeMutablePointer(to: &budget) {
      unsafe properties.pNext = UnsafeMutableRawPointer($0)
      unsafe physical.instance.functions.getMemoryProperties(physical.handle, &properties)
    }
    let budgets = unsafe elements(of: budget.heapBudget, as: VkDeviceSize.self)
    let usages = unsafe elements(of: budget.heapUsage, as: VkDeviceSize.self)
    return Int(clamping: budgets[type.heap]) - Int(clamping: usages[type.heap])
  }
}

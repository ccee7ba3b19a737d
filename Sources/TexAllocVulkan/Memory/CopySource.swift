internal import CVulkan
internal import TexAlloc

/// The whole of a slab as a buffer that the GPU copies from.
@safe final class CopySource: @unchecked Sendable {  // a handle, which never changes
  let buffer: VkBuffer
  private let memory: DeviceMemory

  init(of memory: DeviceMemory) throws(VulkanFailure) {
    let connection = memory.connection
    let isOwn = [0, DeviceMemory.exportedType].contains(memory.handleType)
    guard isOwn || connection.copiesFromImports(by: memory.handleType) else {
      throw .unsupported("VkExternalBufferProperties", "nothing is copied from such imports")
    }
    let buffer = try unsafe connection.makeBuffer(
      of: memory.size, for: VK_BUFFER_USAGE_TRANSFER_SRC_BIT, handleType: memory.handleType)
    do throws(VulkanFailure) {
      var needs = VkMemoryRequirements()
      unsafe connection.functions.bufferRequirements(connection.device, buffer, &needs)
      guard needs.memoryTypeBits >> memory.type.index & 1 == 1, needs.size <= memory.size else {
        throw .unsupported("VkMemoryRequirements", "nothing is copied from \(memory.type) memory")
      }
      try connection.check(
        "vkBindBufferMemory",
        unsafe connection.functions.bindBufferMemory(connection.device, buffer, memory.memory, 0))
    } catch {
      unsafe connection.functions.destroyBuffer(connection.device, buffer, nil)
      throw error
    }
    unsafe self.buffer = buffer
    self.memory = memory
  }

  deinit { unsafe memory.connection.functions.destroyBuffer(memory.connection.device, buffer, nil) }

  /// What memory of others may be imported as, for copying only.
  static func suitableMemory(on connection: VulkanConnection) -> SuitableMemory {
    let handleTypes = [
      VK_EXTERNAL_MEMORY_HANDLE_TYPE_HOST_ALLOCATION_BIT_EXT,
      VK_EXTERNAL_MEMORY_HANDLE_TYPE_DMA_BUF_BIT_EXT,
    ].map(\.rawValue).filter(connection.copiesFromImports)
    return SuitableMemory(memoryTypes: .max, handleTypes: handleTypes.reduce(0, |))
  }
}

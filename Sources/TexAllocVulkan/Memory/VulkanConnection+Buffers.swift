internal import CVulkan
internal import TexAlloc

extension VulkanConnection {
  /// A buffer without memory.
  ///
  /// - Parameter handleType: By which its memory is imported; 0 where it is not.
  @unsafe func makeBuffer(
    of size: Int, for usage: VkBufferUsageFlagBits, handleType: UInt32 = 0
  ) throws(VulkanFailure) -> VkBuffer {
    var external = unsafe VkExternalMemoryBufferCreateInfo(
      sType: VK_STRUCTURE_TYPE_EXTERNAL_MEMORY_BUFFER_CREATE_INFO, pNext: nil,
      handleTypes: handleType)
    var buffer: VkBuffer?
    let result = unsafe withUnsafePointer(to: &external) { external in
      var info = unsafe VkBufferCreateInfo()
      unsafe info.sType = VK_STRUCTURE_TYPE_BUFFER_CREATE_INFO
      unsafe info.pNext = handleType == 0 ? nil : UnsafeRawPointer(external)
      unsafe info.size = VkDeviceSize(size)
      unsafe info.usage = usage.rawValue
      return unsafe functions.createBuffer(device, &info, nil, &buffer)
    }
    try check("vkCreateBuffer", result)
    guard let buffer = unsafe buffer else { throw .failed("vkCreateBuffer", "no handle") }
    return unsafe buffer
  }

  /// Whether memory of a kind of handle can be imported for buffers that the GPU copies from, and for more
  /// than one of them.
  func copiesFromImports(by handleType: UInt32) -> Bool {
    copies(from: VK_EXTERNAL_MEMORY_FEATURE_IMPORTABLE_BIT, by: handleType)
  }

  /// Whether memory of the device's own can be given to other APIs of the same GPU.
  var exportsMemory: Bool {
    unsafe functions.memoryDescriptor != nil && extensions.contains("VK_KHR_external_memory_fd")
      && copies(from: VK_EXTERNAL_MEMORY_FEATURE_EXPORTABLE_BIT, by: DeviceMemory.exportedType)
  }

  private func copies(
    from feature: VkExternalMemoryFeatureFlagBits, by handleType: UInt32
  ) -> Bool {
    var info = unsafe VkPhysicalDeviceExternalBufferInfo()
    unsafe info.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_EXTERNAL_BUFFER_INFO
    unsafe info.usage = VK_BUFFER_USAGE_TRANSFER_SRC_BIT.rawValue
    unsafe info.handleType = VkExternalMemoryHandleTypeFlagBits(handleType)
    var answer = unsafe VkExternalBufferProperties()
    unsafe answer.sType = VK_STRUCTURE_TYPE_EXTERNAL_BUFFER_PROPERTIES
    unsafe physical.instance.functions.getExternalBufferProperties(
      physical.handle, &info, &answer)
    let features = unsafe answer.externalMemoryProperties.externalMemoryFeatures
    return features & feature.rawValue != 0
      && features & VK_EXTERNAL_MEMORY_FEATURE_DEDICATED_ONLY_BIT.rawValue == 0
  }

  /// Memory for a buffer that the CPU reads, bound to it: cached where there is some.
  @unsafe func memory(
    for buffer: VkBuffer?, in ledger: MemoryLedger
  ) throws(VulkanFailure) -> DeviceMemory {
    var needs = VkMemoryRequirements()
    unsafe functions.bufferRequirements(device, buffer, &needs)
    let types = description.memoryTypes.filter {
      needs.memoryTypeBits >> $0.index & 1 == 1 && $0.isHostVisible && $0.isCoherent
    }
    guard let type = types.first(where: \.isCached) ?? types.first else {
      throw .unsupported("memoryTypeBits", "no memory that the CPU reads")
    }
    let memory = try unsafe DeviceMemory(Int(needs.size), of: type, on: self, in: ledger)
    try check(
      "vkBindBufferMemory", unsafe functions.bindBufferMemory(device, buffer, memory.memory, 0))
    return memory
  }
}

internal import CVulkan
internal import TexAlloc

/// What one picture is drawn with: its quads in memory, and for each draw a set that binds them and a
/// texture. It lives until the GPU is done.
@safe final class CanvasResources: @unchecked Sendable {  // handles that stay
  /// One for each draw.
  private(set) var sets: [VkDescriptorSet?] = unsafe []
  private let connection: VulkanConnection
  private let memory: DeviceMemory
  private let buffer: VkBuffer
  private var pool: VkDescriptorPool?

  /// - Parameter textures: Of each draw; those that have none bind the blank image.
  init(
    _ quads: [VulkanCanvas.Quad], of textures: [VulkanTexture?], with objects: CanvasObjects,
    on device: VulkanDevice
  ) throws(VulkanFailure) {
    connection = device.connection
    let size = max(1, quads.count) * MemoryLayout<VulkanCanvas.Quad>.stride
    unsafe buffer = try connection.makeBuffer(of: size, for: VK_BUFFER_USAGE_STORAGE_BUFFER_BIT)
    do throws(VulkanFailure) {
      memory = try unsafe connection.memory(for: buffer, in: device.ledger)
      let bytes = try unsafe memory.map()
      unsafe quads.withUnsafeBytes { unsafe bytes.copyMemory(from: $0) }
    } catch {
      unsafe connection.functions.destroyBuffer(connection.device, buffer, nil)
      throw error
    }
    try makeSets(of: textures, with: objects)
  }

  deinit {
    unsafe connection.functions.destroyDescriptorPool(connection.device, pool, nil)
    unsafe connection.functions.destroyBuffer(connection.device, buffer, nil)
  }

  private func makeSets(
    of textures: [VulkanTexture?], with objects: CanvasObjects
  ) throws(VulkanFailure) {
    if textures.isEmpty { return }
    let (functions, device) = unsafe (connection.functions, connection.device)
    let count = UInt32(textures.count)
    let sizes = [
      VkDescriptorPoolSize(
        type: VK_DESCRIPTOR_TYPE_COMBINED_IMAGE_SAMPLER, descriptorCount: count),
      VkDescriptorPoolSize(type: VK_DESCRIPTOR_TYPE_STORAGE_BUFFER, descriptorCount: count),
    ]
    let made = unsafe sizes.withUnsafeBufferPointer { sizes in
      var info = unsafe VkDescriptorPoolCreateInfo(
        sType: VK_STRUCTURE_TYPE_DESCRIPTOR_POOL_CREATE_INFO, pNext: nil, flags: 0, maxSets: count,
        poolSizeCount: UInt32(sizes.count), pPoolSizes: sizes.baseAddress)
      return unsafe functions.createDescriptorPool(device, &info, nil, &pool)
    }
    try connection.check("vkCreateDescriptorPool", made)
    let layouts = unsafe textures.map { _ in unsafe objects.setLayout }
    unsafe sets = unsafe textures.map { _ in nil }
    let result = unsafe layouts.withUnsafeBufferPointer { layouts in
      var info = unsafe VkDescriptorSetAllocateInfo(
        sType: VK_STRUCTURE_TYPE_DESCRIPTOR_SET_ALLOCATE_INFO, pNext: nil, descriptorPool: pool,
        descriptorSetCount: count, pSetLayouts: layouts.baseAddress)
      return unsafe functions.allocateDescriptorSets(device, &info, &sets)
    }
    try connection.check("vkAllocateDescriptorSets", result)
    for (index, texture) in textures.enumerated() {
      unsafe update(sets[index], texture, with: objects)
    }
  }

  @unsafe private func update(
    _ set: VkDescriptorSet?, _ texture: VulkanTexture?, with objects: CanvasObjects
  ) {
    var image = unsafe VkDescriptorImageInfo(
      sampler: objects.sampler, imageView: texture?.planes[0].view ?? objects.blank.view,
      imageLayout: texture?.layout ?? OwnImage.layout)
    var quads = unsafe VkDescriptorBufferInfo(
      buffer: buffer, offset: 0, range: .max)  // VK_WHOLE_SIZE
    unsafe withUnsafePointer(to: &image) { image in
      unsafe withUnsafePointer(to: &quads) { quads in
        func write(_ binding: UInt32, _ type: VkDescriptorType) -> VkWriteDescriptorSet {
          unsafe VkWriteDescriptorSet(
            sType: VK_STRUCTURE_TYPE_WRITE_DESCRIPTOR_SET, pNext: nil, dstSet: set,
            dstBinding: binding, dstArrayElement: 0, descriptorCount: 1, descriptorType: type,
            pImageInfo: image, pBufferInfo: quads, pTexelBufferView: nil)
        }
        let writes = unsafe [
          write(0, VK_DESCRIPTOR_TYPE_COMBINED_IMAGE_SAMPLER),
          write(1, VK_DESCRIPTOR_TYPE_STORAGE_BUFFER),
        ]
        unsafe connection.functions.updateDescriptorSets(
          connection.device, UInt32(writes.count), writes, 0, nil)
      }
    }
  }
}

internal import CVulkan

/// What shaders are run with.
extension VulkanConnection {
  @unsafe func makeShader(_ code: [UInt32]) throws(VulkanFailure) -> VkShaderModule? {
    var shader: VkShaderModule?
    let result = unsafe code.withUnsafeBufferPointer { code in
      var info = unsafe VkShaderModuleCreateInfo(
        sType: VK_STRUCTURE_TYPE_SHADER_MODULE_CREATE_INFO, pNext: nil, flags: 0,
        codeSize: code.count * 4, pCode: code.baseAddress)
      return unsafe functions.createShaderModule(device, &info, nil, &shader)
    }
    try check("vkCreateShaderModule", result)
    return unsafe shader
  }

  /// - Parameters:
  ///   - bindings: One of each, by their place, and who uses it.
  ///   - sampler: That of the image, for good: what converts luma and chroma can be bound in no other way.
  @unsafe func makeSetLayout(
    _ bindings: [(type: VkDescriptorType, stage: VkShaderStageFlagBits)],
    sampler: VkSampler? = nil
  ) throws(VulkanFailure) -> VkDescriptorSetLayout? {
    var layout: VkDescriptorSetLayout?
    var sampler: VkSampler? = unsafe sampler
    let result = unsafe withUnsafePointer(to: &sampler) { sampler in
      let isFixed = unsafe sampler.pointee != nil
      let bindings = unsafe bindings.enumerated().map { number, binding in
        unsafe VkDescriptorSetLayoutBinding(
          binding: UInt32(number), descriptorType: binding.type, descriptorCount: 1,
          stageFlags: binding.stage.rawValue,
          pImmutableSamplers: isFixed && binding.type == VK_DESCRIPTOR_TYPE_COMBINED_IMAGE_SAMPLER
            ? sampler : nil)
      }
      return unsafe bindings.withUnsafeBufferPointer { bindings in
        var info = unsafe VkDescriptorSetLayoutCreateInfo(
          sType: VK_STRUCTURE_TYPE_DESCRIPTOR_SET_LAYOUT_CREATE_INFO, pNext: nil, flags: 0,
          bindingCount: UInt32(bindings.count), pBindings: bindings.baseAddress)
        return unsafe functions.createDescriptorSetLayout(device, &info, nil, &layout)
      }
    }
    try check("vkCreateDescriptorSetLayout", result)
    return unsafe layout
  }

  /// - Parameters:
  ///   - constants: Bytes that each use is told.
  ///   - stages: Which are told them.
  @unsafe func makePipelineLayout(
    of set: VkDescriptorSetLayout?, constants: Int, for stages: UInt32
  ) throws(VulkanFailure) -> VkPipelineLayout? {
    var range = VkPushConstantRange(stageFlags: stages, offset: 0, size: UInt32(constants))
    var set = unsafe set
    var layout: VkPipelineLayout?
    let result = unsafe withUnsafePointer(to: &range) { range in
      unsafe withUnsafePointer(to: &set) { set in
        var info = unsafe VkPipelineLayoutCreateInfo(
          sType: VK_STRUCTURE_TYPE_PIPELINE_LAYOUT_CREATE_INFO, pNext: nil, flags: 0,
          setLayoutCount: 1, pSetLayouts: set, pushConstantRangeCount: 1, pPushConstantRanges: range
        )
        return unsafe functions.createPipelineLayout(device, &info, nil, &layout)
      }
    }
    try check("vkCreatePipelineLayout", result)
    return unsafe layout
  }

  /// Sets of one image and one buffer each.
  ///
  /// - Parameter imageDescriptors: How many descriptors an image takes.
  /// - Returns: The sets, and what they are taken from; they go with it.
  @unsafe func makeSets(
    _ count: Int, of layout: VkDescriptorSetLayout?, imageDescriptors: Int = 1
  ) throws(VulkanFailure) -> (pool: VkDescriptorPool?, sets: [VkDescriptorSet?]) {
    let sizes = [
      (VK_DESCRIPTOR_TYPE_COMBINED_IMAGE_SAMPLER, count * imageDescriptors),
      (VK_DESCRIPTOR_TYPE_STORAGE_BUFFER, count),
    ].map { VkDescriptorPoolSize(type: $0, descriptorCount: UInt32($1)) }
    var pool: VkDescriptorPool?
    let made = unsafe sizes.withUnsafeBufferPointer { sizes in
      var info = unsafe VkDescriptorPoolCreateInfo(
        sType: VK_STRUCTURE_TYPE_DESCRIPTOR_POOL_CREATE_INFO, pNext: nil, flags: 0,
        maxSets: UInt32(count), poolSizeCount: UInt32(sizes.count), pPoolSizes: sizes.baseAddress)
      return unsafe functions.createDescriptorPool(device, &info, nil, &pool)
    }
    try check("vkCreateDescriptorPool", made)
    let layouts = unsafe [VkDescriptorSetLayout?](repeating: layout, count: count)
    var sets = unsafe [VkDescriptorSet?](repeating: nil, count: count)
    let result = unsafe layouts.withUnsafeBufferPointer { layouts in
      var info = unsafe VkDescriptorSetAllocateInfo(
        sType: VK_STRUCTURE_TYPE_DESCRIPTOR_SET_ALLOCATE_INFO, pNext: nil, descriptorPool: pool,
        descriptorSetCount: UInt32(count), pSetLayouts: layouts.baseAddress)
      return unsafe functions.allocateDescriptorSets(device, &info, &sets)
    }
    do { try check("vkAllocateDescriptorSets", result) } catch {
      unsafe functions.destroyDescriptorPool(device, pool, nil)
      throw error
    }
    return unsafe (pool, sets)
  }

  /// Has a set show an image and the whole of a buffer: nobody uses it at that moment.
  @unsafe func bind(
    _ set: VkDescriptorSet?, to image: VkDescriptorImageInfo, and buffer: VkBuffer?
  ) {
    var image = unsafe image
    var buffer = unsafe VkDescriptorBufferInfo(
      buffer: buffer, offset: 0, range: .max)  // VK_WHOLE_SIZE
    unsafe withUnsafePointer(to: &image) { image in
      unsafe withUnsafePointer(to: &buffer) { buffer in
        func write(_ binding: UInt32, _ type: VkDescriptorType) -> VkWriteDescriptorSet {
          unsafe VkWriteDescriptorSet(
            sType: VK_STRUCTURE_TYPE_WRITE_DESCRIPTOR_SET, pNext: nil, dstSet: set,
            dstBinding: binding, dstArrayElement: 0, descriptorCount: 1, descriptorType: type,
            pImageInfo: image, pBufferInfo: buffer, pTexelBufferView: nil)
        }
        let writes = unsafe [
          write(0, VK_DESCRIPTOR_TYPE_COMBINED_IMAGE_SAMPLER),
          write(1, VK_DESCRIPTOR_TYPE_STORAGE_BUFFER),
        ]
        unsafe functions.updateDescriptorSets(device, UInt32(writes.count), writes, 0, nil)
      }
    }
  }
}

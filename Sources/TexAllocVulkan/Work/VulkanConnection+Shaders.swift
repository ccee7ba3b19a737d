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

  /// - Parameter bindings: One of each, by their place, and who uses it.
  @unsafe func makeSetLayout(
    _ bindings: [(type: VkDescriptorType, stage: VkShaderStageFlagBits)]
  ) throws(VulkanFailure) -> VkDescriptorSetLayout? {
    let bindings = unsafe bindings.enumerated().map { number, binding in
      unsafe VkDescriptorSetLayoutBinding(
        binding: UInt32(number), descriptorType: binding.type, descriptorCount: 1,
        stageFlags: binding.stage.rawValue, pImmutableSamplers: nil)
    }
    var layout: VkDescriptorSetLayout?
    let result = unsafe bindings.withUnsafeBufferPointer { bindings in
      var info = unsafe VkDescriptorSetLayoutCreateInfo(
        sType: VK_STRUCTURE_TYPE_DESCRIPTOR_SET_LAYOUT_CREATE_INFO, pNext: nil, flags: 0,
        bindingCount: UInt32(bindings.count), pBindings: bindings.baseAddress)
      return unsafe functions.createDescriptorSetLayout(device, &info, nil, &layout)
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
}

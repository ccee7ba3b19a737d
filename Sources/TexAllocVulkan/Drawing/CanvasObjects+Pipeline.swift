internal import CVulkan
internal import TexAlloc

/// The pipeline that quads are drawn with.
extension CanvasObjects {
  func makeLayouts() throws(VulkanFailure) {
    let (functions, device) = unsafe (connection.functions, connection.device)
    var info = unsafe VkSamplerCreateInfo()
    unsafe info.sType = VK_STRUCTURE_TYPE_SAMPLER_CREATE_INFO
    unsafe info.magFilter = VK_FILTER_LINEAR
    unsafe info.minFilter = VK_FILTER_LINEAR
    unsafe info.addressModeU = VK_SAMPLER_ADDRESS_MODE_CLAMP_TO_EDGE
    unsafe info.addressModeV = VK_SAMPLER_ADDRESS_MODE_CLAMP_TO_EDGE
    try connection.check(
      "vkCreateSampler", unsafe functions.createSampler(device, &info, nil, &sampler))
    unsafe setLayout = try connection.makeSetLayout([
      (VK_DESCRIPTOR_TYPE_COMBINED_IMAGE_SAMPLER, VK_SHADER_STAGE_FRAGMENT_BIT),
      (VK_DESCRIPTOR_TYPE_STORAGE_BUFFER, VK_SHADER_STAGE_VERTEX_BIT),
    ])
    unsafe layout = try connection.makePipelineLayout(
      of: setLayout, constants: MemoryLayout<CanvasRequest>.size, for: CanvasRequest.stages)
  }

  func makePipeline() throws(VulkanFailure) {
    unsafe shaders.append(try connection.makeShader(quadCornerCode))
    unsafe shaders.append(try connection.makeShader(quadPixelCode))
    var blend = VkPipelineColorBlendAttachmentState()
    blend.blendEnable = 1
    (blend.srcColorBlendFactor, blend.srcAlphaBlendFactor) = (
      VK_BLEND_FACTOR_ONE, VK_BLEND_FACTOR_ONE
    )
    (blend.dstColorBlendFactor, blend.dstAlphaBlendFactor) = (
      VK_BLEND_FACTOR_ONE_MINUS_SRC_ALPHA, VK_BLEND_FACTOR_ONE_MINUS_SRC_ALPHA
    )
    blend.colorWriteMask = 0xF
    let blends = [blend]
    let viewports = [
      VkViewport(
        x: 0, y: 0, width: Float(size.width), height: Float(size.height), minDepth: 0, maxDepth: 1)
    ]
    let scissors = [area]
    let result = unsafe "main".withCString { entry in
      let stages = unsafe zip(
        [VK_SHADER_STAGE_VERTEX_BIT, VK_SHADER_STAGE_FRAGMENT_BIT], shaders
      ).map { stage, shader in
        unsafe VkPipelineShaderStageCreateInfo(
          sType: VK_STRUCTURE_TYPE_PIPELINE_SHADER_STAGE_CREATE_INFO, pNext: nil, flags: 0,
          stage: stage, module: shader, pName: entry, pSpecializationInfo: nil)
      }
      return unsafe stages.withUnsafeBufferPointer { stages in
        unsafe blends.withUnsafeBufferPointer { blends in
          unsafe viewports.withUnsafeBufferPointer { viewports in
            unsafe scissors.withUnsafeBufferPointer { scissors in
              unsafe createPipeline(stages, blends, viewports, scissors)
            }
          }
        }
      }
    }
    try connection.check("vkCreateGraphicsPipelines", result)
  }

  @unsafe private func createPipeline(
    _ stages: UnsafeBufferPointer<VkPipelineShaderStageCreateInfo>,
    _ blends: UnsafeBufferPointer<VkPipelineColorBlendAttachmentState>,
    _ viewports: UnsafeBufferPointer<VkViewport>, _ scissors: UnsafeBufferPointer<VkRect2D>
  ) -> VkResult {
    var vertices = unsafe VkPipelineVertexInputStateCreateInfo()
    unsafe vertices.sType = VK_STRUCTURE_TYPE_PIPELINE_VERTEX_INPUT_STATE_CREATE_INFO
    var assembly = unsafe VkPipelineInputAssemblyStateCreateInfo()
    unsafe assembly.sType = VK_STRUCTURE_TYPE_PIPELINE_INPUT_ASSEMBLY_STATE_CREATE_INFO
    unsafe assembly.topology = VK_PRIMITIVE_TOPOLOGY_TRIANGLE_LIST
    var view = unsafe VkPipelineViewportStateCreateInfo(
      sType: VK_STRUCTURE_TYPE_PIPELINE_VIEWPORT_STATE_CREATE_INFO, pNext: nil, flags: 0,
      viewportCount: 1, pViewports: viewports.baseAddress, scissorCount: 1,
      pScissors: scissors.baseAddress)
    var raster = unsafe VkPipelineRasterizationStateCreateInfo()
    unsafe raster.sType = VK_STRUCTURE_TYPE_PIPELINE_RASTERIZATION_STATE_CREATE_INFO
    unsafe raster.lineWidth = 1
    var samples = unsafe VkPipelineMultisampleStateCreateInfo()
    unsafe samples.sType = VK_STRUCTURE_TYPE_PIPELINE_MULTISAMPLE_STATE_CREATE_INFO
    unsafe samples.rasterizationSamples = VK_SAMPLE_COUNT_1_BIT
    var blending = unsafe VkPipelineColorBlendStateCreateInfo()
    unsafe blending.sType = VK_STRUCTURE_TYPE_PIPELINE_COLOR_BLEND_STATE_CREATE_INFO
    unsafe blending.attachmentCount = UInt32(blends.count)
    unsafe blending.pAttachments = blends.baseAddress
    return unsafe withUnsafePointer(to: &vertices) { vertices in
      unsafe withUnsafePointer(to: &assembly) { assembly in
        unsafe withUnsafePointer(to: &view) { view in
          unsafe withUnsafePointer(to: &raster) { raster in
            unsafe withUnsafePointer(to: &samples) { samples in
              unsafe withUnsafePointer(to: &blending) { blending in
                var info = unsafe VkGraphicsPipelineCreateInfo()
                unsafe info.sType = VK_STRUCTURE_TYPE_GRAPHICS_PIPELINE_CREATE_INFO
                unsafe info.stageCount = UInt32(stages.count)
                unsafe info.pStages = stages.baseAddress
                unsafe info.pVertexInputState = vertices
                unsafe info.pInputAssemblyState = assembly
                unsafe info.pViewportState = view
                unsafe info.pRasterizationState = raster
                unsafe info.pMultisampleState = samples
                unsafe info.pColorBlendState = blending
                unsafe info.layout = layout
                unsafe info.renderPass = renderPass
                return unsafe connection.functions.createGraphicsPipelines(
                  connection.device, nil, 1, &info, nil, &pipeline)
              }
            }
          }
        }
      }
    }
  }
}

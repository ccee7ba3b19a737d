internal import CVulkan

/// The functions of one device. Those of extensions are nil where the device was made without.
@safe struct DeviceFunctions: @unchecked Sendable {  // functions, which never change
  let destroyDevice: PFN_vkDestroyDevice
  let getQueue: PFN_vkGetDeviceQueue

  let allocateMemory: PFN_vkAllocateMemory
  let freeMemory: PFN_vkFreeMemory
  let mapMemory: PFN_vkMapMemory
  let flushMappedMemory: PFN_vkFlushMappedMemoryRanges

  let createImage: PFN_vkCreateImage
  let destroyImage: PFN_vkDestroyImage
  let imageRequirements: PFN_vkGetImageMemoryRequirements
  let subresourceLayout: PFN_vkGetImageSubresourceLayout
  let bindImageMemory: PFN_vkBindImageMemory
  let createImageView: PFN_vkCreateImageView
  let destroyImageView: PFN_vkDestroyImageView
  let planeRequirements: PFN_vkGetImageMemoryRequirements2
  let bindPlaneMemory: PFN_vkBindImageMemory2
  let createConversion: PFN_vkCreateSamplerYcbcrConversion
  let destroyConversion: PFN_vkDestroySamplerYcbcrConversion
  let createSampler: PFN_vkCreateSampler
  let destroySampler: PFN_vkDestroySampler

  let createBuffer: PFN_vkCreateBuffer
  let destroyBuffer: PFN_vkDestroyBuffer
  let bufferRequirements: PFN_vkGetBufferMemoryRequirements
  let bindBufferMemory: PFN_vkBindBufferMemory

  let createSemaphore: PFN_vkCreateSemaphore
  let destroySemaphore: PFN_vkDestroySemaphore
  let waitSemaphores: PFN_vkWaitSemaphores
  let semaphoreValue: PFN_vkGetSemaphoreCounterValue

  let createCommandPool: PFN_vkCreateCommandPool
  let destroyCommandPool: PFN_vkDestroyCommandPool
  let allocateCommandBuffers: PFN_vkAllocateCommandBuffers
  let beginCommandBuffer: PFN_vkBeginCommandBuffer
  let endCommandBuffer: PFN_vkEndCommandBuffer
  let queueSubmit: PFN_vkQueueSubmit
  let pipelineBarrier: PFN_vkCmdPipelineBarrier
  let copyBufferToImage: PFN_vkCmdCopyBufferToImage
  let blitImage: PFN_vkCmdBlitImage
  let bindPipeline: PFN_vkCmdBindPipeline
  let bindDescriptorSets: PFN_vkCmdBindDescriptorSets
  let pushConstants: PFN_vkCmdPushConstants
  let dispatch: PFN_vkCmdDispatch
  let beginRenderPass: PFN_vkCmdBeginRenderPass
  let draw: PFN_vkCmdDraw
  let endRenderPass: PFN_vkCmdEndRenderPass
  let copyImageToBuffer: PFN_vkCmdCopyImageToBuffer

  let createShaderModule: PFN_vkCreateShaderModule
  let destroyShaderModule: PFN_vkDestroyShaderModule
  let createDescriptorSetLayout: PFN_vkCreateDescriptorSetLayout
  let destroyDescriptorSetLayout: PFN_vkDestroyDescriptorSetLayout
  let createDescriptorPool: PFN_vkCreateDescriptorPool
  let destroyDescriptorPool: PFN_vkDestroyDescriptorPool
  let allocateDescriptorSets: PFN_vkAllocateDescriptorSets
  let updateDescriptorSets: PFN_vkUpdateDescriptorSets
  let createPipelineLayout: PFN_vkCreatePipelineLayout
  let destroyPipelineLayout: PFN_vkDestroyPipelineLayout
  let createComputePipelines: PFN_vkCreateComputePipelines
  let createGraphicsPipelines: PFN_vkCreateGraphicsPipelines
  let destroyPipeline: PFN_vkDestroyPipeline
  let createRenderPass: PFN_vkCreateRenderPass
  let destroyRenderPass: PFN_vkDestroyRenderPass
  let createFramebuffer: PFN_vkCreateFramebuffer
  let destroyFramebuffer: PFN_vkDestroyFramebuffer

  /// Of `VK_EXT_external_memory_host`.
  let hostPointerProperties: PFN_vkGetMemoryHostPointerPropertiesEXT?
  /// Of `VK_KHR_external_memory_fd`.
  let memoryDescriptorProperties: PFN_vkGetMemoryFdPropertiesKHR?
  let memoryDescriptor: PFN_vkGetMemoryFdKHR?
  /// Of `VK_KHR_external_semaphore_fd`.
  let exportSemaphore: PFN_vkGetSemaphoreFdKHR?
  let importSemaphore: PFN_vkImportSemaphoreFdKHR?

  /// - Throws: `VulkanFailure` where one is missing of which every device of Vulkan 1.2 has it.
  @unsafe init(
    _ getDeviceProcAddr: PFN_vkGetDeviceProcAddr, of device: VkDevice
  ) throws(VulkanFailure) {
    func find<Function>(_ name: String) -> Function? {
      unsafe getDeviceProcAddr(device, name).map { unsafe unsafeBitCast($0, to: Function.self) }
    }
    func get<Function>(_ name: String) throws(VulkanFailure) -> Function {
      guard let function: Function = find(name) else {
        throw .failed("vkGetDeviceProcAddr", "no \(name)")
      }
      return function
    }
    unsafe destroyDevice = try get("vkDestroyDevice")
    unsafe getQueue = try get("vkGetDeviceQueue")
    unsafe allocateMemory = try get("vkAllocateMemory")
    unsafe freeMemory = try get("vkFreeMemory")
    unsafe mapMemory = try get("vkMapMemory")
    unsafe flushMappedMemory = try get("vkFlushMappedMemoryRanges")
    unsafe createImage = try get("vkCreateImage")
    unsafe destroyImage = try get("vkDestroyImage")
    unsafe imageRequirements = try get("vkGetImageMemoryRequirements")
    unsafe subresourceLayout = try get("vkGetImageSubresourceLayout")
    unsafe bindImageMemory = try get("vkBindImageMemory")
    unsafe createImageView = try get("vkCreateImageView")
    unsafe destroyImageView = try get("vkDestroyImageView")
    unsafe planeRequirements = try get("vkGetImageMemoryRequirements2")
    unsafe bindPlaneMemory = try get("vkBindImageMemory2")
    unsafe createConversion = try get("vkCreateSamplerYcbcrConversion")
    unsafe destroyConversion = try get("vkDestroySamplerYcbcrConversion")
    unsafe createSampler = try get("vkCreateSampler")
    unsafe destroySampler = try get("vkDestroySampler")
    unsafe createBuffer = try get("vkCreateBuffer")
    unsafe destroyBuffer = try get("vkDestroyBuffer")
    unsafe bufferRequirements = try get("vkGetBufferMemoryRequirements")
    unsafe bindBufferMemory = try get("vkBindBufferMemory")
    unsafe createSemaphore = try get("vkCreateSemaphore")
    unsafe destroySemaphore = try get("vkDestroySemaphore")
    unsafe waitSemaphores = try get("vkWaitSemaphores")
    unsafe semaphoreValue = try get("vkGetSemaphoreCounterValue")
    unsafe createCommandPool = try get("vkCreateCommandPool")
    unsafe destroyCommandPool = try get("vkDestroyCommandPool")
    unsafe allocateCommandBuffers = try get("vkAllocateCommandBuffers")
    unsafe beginCommandBuffer = try get("vkBeginCommandBuffer")
    unsafe endCommandBuffer = try get("vkEndCommandBuffer")
    unsafe queueSubmit = try get("vkQueueSubmit")
    unsafe pipelineBarrier = try get("vkCmdPipelineBarrier")
    unsafe copyBufferToImage = try get("vkCmdCopyBufferToImage")
    unsafe blitImage = try get("vkCmdBlitImage")
    unsafe bindPipeline = try get("vkCmdBindPipeline")
    unsafe bindDescriptorSets = try get("vkCmdBindDescriptorSets")
    unsafe pushConstants = try get("vkCmdPushConstants")
    unsafe dispatch = try get("vkCmdDispatch")
    unsafe beginRenderPass = try get("vkCmdBeginRenderPass")
    unsafe draw = try get("vkCmdDraw")
    unsafe endRenderPass = try get("vkCmdEndRenderPass")
    unsafe copyImageToBuffer = try get("vkCmdCopyImageToBuffer")
    unsafe createShaderModule = try get("vkCreateShaderModule")
    unsafe destroyShaderModule = try get("vkDestroyShaderModule")
    unsafe createDescriptorSetLayout = try get("vkCreateDescriptorSetLayout")
    unsafe destroyDescriptorSetLayout = try get("vkDestroyDescriptorSetLayout")
    unsafe createDescriptorPool = try get("vkCreateDescriptorPool")
    unsafe destroyDescriptorPool = try get("vkDestroyDescriptorPool")
    unsafe allocateDescriptorSets = try get("vkAllocateDescriptorSets")
    unsafe updateDescriptorSets = try get("vkUpdateDescriptorSets")
    unsafe createPipelineLayout = try get("vkCreatePipelineLayout")
    unsafe destroyPipelineLayout = try get("vkDestroyPipelineLayout")
    unsafe createComputePipelines = try get("vkCreateComputePipelines")
    unsafe createGraphicsPipelines = try get("vkCreateGraphicsPipelines")
    unsafe destroyPipeline = try get("vkDestroyPipeline")
    unsafe createRenderPass = try get("vkCreateRenderPass")
    unsafe destroyRenderPass = try get("vkDestroyRenderPass")
    unsafe createFramebuffer = try get("vkCreateFramebuffer")
    unsafe destroyFramebuffer = try get("vkDestroyFramebuffer")
    unsafe hostPointerProperties = find("vkGetMemoryHostPointerPropertiesEXT")
    unsafe memoryDescriptorProperties = find("vkGetMemoryFdPropertiesKHR")
    unsafe memoryDescriptor = find("vkGetMemoryFdKHR")
    unsafe exportSemaphore = find("vkGetSemaphoreFdKHR")
    unsafe importSemaphore = find("vkImportSemaphoreFdKHR")
  }
}

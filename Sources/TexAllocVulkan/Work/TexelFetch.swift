internal import CVulkan
internal import Synchronization
internal import TexAlloc

/// Shows what a shader sees of rows of an image, on a device's own queue: for trials, and for whoever wants
/// to know. One at a time.
@safe final class TexelFetch: @unchecked Sendable {  // handles, which are used under the lock
  private let work: DeviceWork
  private let output: DeviceMemory
  private let texels: UnsafeMutableRawBufferPointer
  private let objects: Objects
  /// Whose sampler it is bound to.
  private let conversion: SamplerConversion?
  /// What was not done in time: nobody may use the objects before.
  private let pending = Mutex<VulkanFence?>(nil)

  @unsafe private struct Objects {
    var buffer: VkBuffer?
    var sampler: VkSampler?
    var shader: VkShaderModule?
    var setLayout: VkDescriptorSetLayout?
    var pool: VkDescriptorPool?
    /// One.
    var sets: [VkDescriptorSet?] = unsafe []
    var layout: VkPipelineLayout?
    var pipeline: VkPipeline?
  }

  /// Rows of the widest image that are looked at together, at least.
  private static let leastRows = 16

  /// - Parameter conversion: What makes colours of the images, which then are of luma and chroma.
  init(
    on work: DeviceWork, in ledger: MemoryLedger, converting conversion: SamplerConversion? = nil
  ) throws(VulkanFailure) {
    self.work = work
    self.conversion = conversion
    let connection = work.connection
    let size = connection.description.maxImageSize * 4 * Self.leastRows
    var objects = unsafe Objects()
    do throws(VulkanFailure) {
      unsafe objects.buffer = try connection.makeBuffer(
        of: size, for: VK_BUFFER_USAGE_STORAGE_BUFFER_BIT)
      output = try unsafe connection.memory(for: objects.buffer, in: ledger)
      let bytes = try unsafe output.map()
      unsafe texels = UnsafeMutableRawBufferPointer(rebasing: bytes[..<size])
      try unsafe Self.makePipeline(&objects, conversion, on: connection)
      unsafe (objects.pool, objects.sets) = try connection.makeSets(
        1, of: objects.setLayout, imageDescriptors: conversion?.descriptorCount ?? 1)
    } catch {
      unsafe Self.destroy(objects, on: connection)
      throw error
    }
    unsafe self.objects = objects
  }

  deinit {
    if let fence = pending.withLock({ $0 }), !fence.wait(until: .now + longestWait) {
      return leaveToQueue((output, work))
    }
    unsafe Self.destroy(objects, on: work.connection)
  }

  /// Red, green, blue and alpha of each texel of some rows, as bytes, row behind row.
  ///
  /// - Parameters:
  ///   - rows: At least one.
  ///   - size: Texels of the image.
  ///   - content: Of which the image is one. Where this throws, the queue may use it still.
  /// - Throws: `VulkanFailure`.
  @unsafe func texels(
    ofRows rows: StrideTo<Int>, of size: ImageSize, in view: VkImageView, of content: any Preparable
  ) throws(VulkanFailure) -> [UInt8] {
    let rows = Array(rows)
    let together = unsafe texels.count / (size.width * 4)
    let step = rows.count > 1 ? rows[1] - rows[0] : 0
    var all: [UInt8] = []
    for start in stride(from: 0, to: rows.count, by: together) {
      all += try unsafe texels(
        from: rows[start], by: step, min(together, rows.count - start), size, in: view,
        of: content)
    }
    return all
  }

  /// As many rows as there is room for.
  @unsafe private func texels(
    from first: Int, by step: Int, _ count: Int, _ size: ImageSize, in view: VkImageView,
    of content: any Preparable
  ) throws(VulkanFailure) -> [UInt8] {
    try pending.withLock { pending throws(VulkanFailure) in
      if let pending, !pending.wait(until: .now + longestWait) { throw .timedOut }
      let functions = work.connection.functions
      let image = unsafe VkDescriptorImageInfo(
        sampler: objects.sampler, imageView: view, imageLayout: content.layout)
      unsafe work.connection.bind(objects.sets[0], to: image, and: objects.buffer)
      let fence = try unsafe work.submit(preparing: [content]) { list, barriers in
        unsafe functions.pipelineBarrier(
          list, VK_PIPELINE_STAGE_HOST_BIT.rawValue, VK_PIPELINE_STAGE_COMPUTE_SHADER_BIT.rawValue,
          0, 0, nil, 0, nil, UInt32(barriers.count), barriers)
        var set = unsafe objects.sets[0]
        unsafe functions.bindPipeline(list, VK_PIPELINE_BIND_POINT_COMPUTE, objects.pipeline)
        unsafe functions.bindDescriptorSets(
          list, VK_PIPELINE_BIND_POINT_COMPUTE, objects.layout, 0, 1, &set, 0, nil)
        let request = [first, step, size.width, size.height].map { Int32($0) }
        unsafe functions.pushConstants(
          list, objects.layout, VK_SHADER_STAGE_COMPUTE_BIT.rawValue, 0,
          UInt32(request.count * 4), request)
        unsafe functions.dispatch(
          list, UInt32(size.width.dividedRoundingUp(by: 64)), UInt32(count), 1)
        var seen = unsafe VkMemoryBarrier(
          sType: VK_STRUCTURE_TYPE_MEMORY_BARRIER, pNext: nil,
          srcAccessMask: VK_ACCESS_SHADER_WRITE_BIT.rawValue,
          dstAccessMask: VK_ACCESS_HOST_READ_BIT.rawValue)
        unsafe functions.pipelineBarrier(
          list, VK_PIPELINE_STAGE_COMPUTE_SHADER_BIT.rawValue,
          VK_PIPELINE_STAGE_HOST_BIT.rawValue, 0, 1, &seen, 0, nil, 0, nil)
      }
      pending = fence
      guard fence.wait(until: .now + longestWait) else { throw .timedOut }
      if work.connection.loss.hasHappened {
        throw VulkanFailure("vkWaitSemaphores", VK_ERROR_DEVICE_LOST)
      }
      return unsafe Array(texels[..<(count * size.width * 4)])
    }
  }

  private static func makePipeline(
    _ objects: inout Objects, _ conversion: SamplerConversion?, on connection: VulkanConnection
  ) throws(VulkanFailure) {
    let (functions, device) = unsafe (connection.functions, connection.device)
    var sampler = unsafe VkSamplerCreateInfo()
    unsafe sampler.sType = VK_STRUCTURE_TYPE_SAMPLER_CREATE_INFO
    try connection.check(
      "vkCreateSampler", unsafe functions.createSampler(device, &sampler, nil, &objects.sampler))
    unsafe objects.shader = try connection.makeShader(texelFetchCode)
    unsafe objects.setLayout = try connection.makeSetLayout(
      [
        (VK_DESCRIPTOR_TYPE_COMBINED_IMAGE_SAMPLER, VK_SHADER_STAGE_COMPUTE_BIT),
        (VK_DESCRIPTOR_TYPE_STORAGE_BUFFER, VK_SHADER_STAGE_COMPUTE_BIT),
      ], sampler: conversion?.sampler)
    unsafe objects.layout = try connection.makePipelineLayout(
      of: objects.setLayout, constants: 16, for: VK_SHADER_STAGE_COMPUTE_BIT.rawValue)
    let pipeline = unsafe "main".withCString { entry in
      var stage = unsafe VkPipelineShaderStageCreateInfo()
      unsafe stage.sType = VK_STRUCTURE_TYPE_PIPELINE_SHADER_STAGE_CREATE_INFO
      unsafe stage.stage = VK_SHADER_STAGE_COMPUTE_BIT
      unsafe stage.module = objects.shader
      unsafe stage.pName = entry
      var info = unsafe VkComputePipelineCreateInfo()
      unsafe info.sType = VK_STRUCTURE_TYPE_COMPUTE_PIPELINE_CREATE_INFO
      unsafe info.stage = stage
      unsafe info.layout = objects.layout
      return unsafe functions.createComputePipelines(
        device, nil, 1, &info, nil, &objects.pipeline)
    }
    try connection.check("vkCreateComputePipelines", pipeline)
  }

  /// Those that are there.
  private static func destroy(_ objects: Objects, on connection: VulkanConnection) {
    let (functions, device) = unsafe (connection.functions, connection.device)
    unsafe functions.destroyPipeline(device, objects.pipeline, nil)
    unsafe functions.destroyPipelineLayout(device, objects.layout, nil)
    unsafe functions.destroyDescriptorPool(device, objects.pool, nil)
    unsafe functions.destroyDescriptorSetLayout(device, objects.setLayout, nil)
    unsafe functions.destroyShaderModule(device, objects.shader, nil)
    unsafe functions.destroySampler(device, objects.sampler, nil)
    unsafe functions.destroyBuffer(device, objects.buffer, nil)
  }
}

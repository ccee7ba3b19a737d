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
  /// What was not done in time: nobody may use the objects before.
  private let pending = Mutex<VulkanFence?>(nil)

  @unsafe private struct Objects {
    var buffer: VkBuffer?
    var sampler: VkSampler?
    var shader: VkShaderModule?
    var setLayout: VkDescriptorSetLayout?
    var sets: VkDescriptorPool?
    var set: VkDescriptorSet?
    var layout: VkPipelineLayout?
    var pipeline: VkPipeline?
  }

  /// Rows of the widest image that are looked at together, at least.
  private static let leastRows = 16

  init(on work: DeviceWork, in ledger: MemoryLedger) throws(VulkanFailure) {
    self.work = work
    let connection = work.connection
    let size = connection.description.maxImageSize * 4 * Self.leastRows
    var objects = unsafe Objects()
    do throws(VulkanFailure) {
      unsafe objects.buffer = try connection.makeBuffer(
        of: size, for: VK_BUFFER_USAGE_STORAGE_BUFFER_BIT)
      output = try unsafe connection.memory(for: objects.buffer, in: ledger)
      let bytes = try unsafe output.map()
      unsafe texels = UnsafeMutableRawBufferPointer(rebasing: bytes[..<size])
      try unsafe Self.makePipeline(&objects, on: connection)
      try unsafe Self.makeSet(&objects, on: connection)
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
  ///   - width: Texels of a row.
  ///   - content: Of which the image is one. Where this throws, the queue may use it still.
  /// - Throws: `VulkanFailure`.
  @unsafe func texels(
    ofRows rows: StrideTo<Int>, _ width: Int, in view: VkImageView, of content: any Preparable
  ) throws(VulkanFailure) -> [UInt8] {
    let rows = Array(rows)
    let together = unsafe texels.count / (width * 4)
    let step = rows.count > 1 ? rows[1] - rows[0] : 0
    var all: [UInt8] = []
    for start in stride(from: 0, to: rows.count, by: together) {
      all += try unsafe texels(
        from: rows[start], by: step, min(together, rows.count - start), width, in: view,
        of: content)
    }
    return all
  }

  /// As many rows as there is room for.
  @unsafe private func texels(
    from first: Int, by step: Int, _ count: Int, _ width: Int, in view: VkImageView,
    of content: any Preparable
  ) throws(VulkanFailure) -> [UInt8] {
    try pending.withLock { pending throws(VulkanFailure) in
      if let pending, !pending.wait(until: .now + longestWait) { throw .timedOut }
      let functions = work.connection.functions
      unsafe update(view, content.layout)
      let fence = try unsafe work.submit(preparing: [content]) { list, barriers in
        unsafe functions.pipelineBarrier(
          list, VK_PIPELINE_STAGE_HOST_BIT.rawValue, VK_PIPELINE_STAGE_COMPUTE_SHADER_BIT.rawValue,
          0, 0, nil, 0, nil, UInt32(barriers.count), barriers)
        var set = unsafe objects.set
        unsafe functions.bindPipeline(list, VK_PIPELINE_BIND_POINT_COMPUTE, objects.pipeline)
        unsafe functions.bindDescriptorSets(
          list, VK_PIPELINE_BIND_POINT_COMPUTE, objects.layout, 0, 1, &set, 0, nil)
        let request = [Int32(first), Int32(step), Int32(width)]
        unsafe functions.pushConstants(
          list, objects.layout, VK_SHADER_STAGE_COMPUTE_BIT.rawValue, 0,
          UInt32(request.count * 4), request)
        unsafe functions.dispatch(
          list, UInt32(width.dividedRoundingUp(by: 64)), UInt32(count), 1)
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
      return unsafe Array(texels[..<(count * width * 4)])
    }
  }

  /// Has the shader look at an image: nobody uses the set at that moment.
  @unsafe private func update(_ view: VkImageView, _ layout: VkImageLayout) {
    let connection = work.connection
    var image = unsafe VkDescriptorImageInfo(
      sampler: objects.sampler, imageView: view, imageLayout: layout)
    var buffer = unsafe VkDescriptorBufferInfo(
      buffer: objects.buffer, offset: 0, range: VkDeviceSize(texels.count))
    unsafe withUnsafePointer(to: &image) { image in
      unsafe withUnsafePointer(to: &buffer) { buffer in
        func write(_ binding: UInt32, _ type: VkDescriptorType) -> VkWriteDescriptorSet {
          unsafe VkWriteDescriptorSet(
            sType: VK_STRUCTURE_TYPE_WRITE_DESCRIPTOR_SET, pNext: nil, dstSet: objects.set,
            dstBinding: binding, dstArrayElement: 0, descriptorCount: 1, descriptorType: type,
            pImageInfo: image, pBufferInfo: buffer, pTexelBufferView: nil)
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

  private static func makePipeline(
    _ objects: inout Objects, on connection: VulkanConnection
  ) throws(VulkanFailure) {
    let (functions, device) = unsafe (connection.functions, connection.device)
    var sampler = unsafe VkSamplerCreateInfo()
    unsafe sampler.sType = VK_STRUCTURE_TYPE_SAMPLER_CREATE_INFO
    try connection.check(
      "vkCreateSampler", unsafe functions.createSampler(device, &sampler, nil, &objects.sampler))
    unsafe objects.shader = try connection.makeShader(texelFetchCode)
    unsafe objects.setLayout = try connection.makeSetLayout([
      (VK_DESCRIPTOR_TYPE_COMBINED_IMAGE_SAMPLER, VK_SHADER_STAGE_COMPUTE_BIT),
      (VK_DESCRIPTOR_TYPE_STORAGE_BUFFER, VK_SHADER_STAGE_COMPUTE_BIT),
    ])
    unsafe objects.layout = try connection.makePipelineLayout(
      of: objects.setLayout, constants: 12, for: VK_SHADER_STAGE_COMPUTE_BIT.rawValue)
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

  private static func makeSet(
    _ objects: inout Objects, on connection: VulkanConnection
  ) throws(VulkanFailure) {
    let (functions, device) = unsafe (connection.functions, connection.device)
    let sizes = [
      VkDescriptorPoolSize(type: VK_DESCRIPTOR_TYPE_COMBINED_IMAGE_SAMPLER, descriptorCount: 1),
      VkDescriptorPoolSize(type: VK_DESCRIPTOR_TYPE_STORAGE_BUFFER, descriptorCount: 1),
    ]
    let pool = unsafe sizes.withUnsafeBufferPointer { sizes in
      var info = unsafe VkDescriptorPoolCreateInfo(
        sType: VK_STRUCTURE_TYPE_DESCRIPTOR_POOL_CREATE_INFO, pNext: nil, flags: 0, maxSets: 1,
        poolSizeCount: UInt32(sizes.count), pPoolSizes: sizes.baseAddress)
      return unsafe functions.createDescriptorPool(device, &info, nil, &objects.sets)
    }
    try connection.check("vkCreateDescriptorPool", pool)
    var setLayout = unsafe objects.setLayout
    let set = unsafe withUnsafePointer(to: &setLayout) { setLayout in
      var info = unsafe VkDescriptorSetAllocateInfo(
        sType: VK_STRUCTURE_TYPE_DESCRIPTOR_SET_ALLOCATE_INFO, pNext: nil,
        descriptorPool: objects.sets, descriptorSetCount: 1, pSetLayouts: setLayout)
      return unsafe functions.allocateDescriptorSets(device, &info, &objects.set)
    }
    try connection.check("vkAllocateDescriptorSets", set)
  }

  /// Those that are there.
  private static func destroy(_ objects: Objects, on connection: VulkanConnection) {
    let (functions, device) = unsafe (connection.functions, connection.device)
    unsafe functions.destroyPipeline(device, objects.pipeline, nil)
    unsafe functions.destroyPipelineLayout(device, objects.layout, nil)
    unsafe functions.destroyDescriptorPool(device, objects.sets, nil)
    unsafe functions.destroyDescriptorSetLayout(device, objects.setLayout, nil)
    unsafe functions.destroyShaderModule(device, objects.shader, nil)
    unsafe functions.destroySampler(device, objects.sampler, nil)
    unsafe functions.destroyBuffer(device, objects.buffer, nil)
  }
}

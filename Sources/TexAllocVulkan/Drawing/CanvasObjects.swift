internal import CVulkan
internal import TexAlloc

/// What a canvas keeps for all of its pictures: the image that is drawn into, memory that it is copied to, and the
/// pipeline.
@safe final class CanvasObjects: @unchecked Sendable {  // handles that stay
  let size: ImageSize
  private(set) var renderPass: VkRenderPass?
  private(set) var framebuffer: VkFramebuffer?
  // What CanvasObjects+Pipeline makes.
  var sampler: VkSampler?
  var setLayout: VkDescriptorSetLayout?
  var layout: VkPipelineLayout?
  var pipeline: VkPipeline?
  /// What quads bind that show no image.
  let blank: OwnImage
  private var image: VkImage?
  private var view: VkImageView?
  private var readback: VkBuffer?
  var shaders: [VkShaderModule?] = unsafe []
  private var imagePlace: ImagePlace?
  private var readbackMemory: DeviceMemory?
  let connection: VulkanConnection
  /// The picture that was finished last.
  private(set) var pixels = unsafe UnsafeMutableRawBufferPointer(start: nil, count: 0)

  init(_ size: ImageSize, on device: VulkanDevice) throws(VulkanFailure) {
    self.size = size
    connection = device.connection
    let format = try Self.planeFormat()
    blank = try OwnImage(
      OwnImageShape(format, ImageSize(width: 1, height: 1), mipmapped: false),
      in: device.imageMemory, on: connection)
    try makeImage(format, in: device.imageMemory)
    try makeReadback(in: device.ledger)
    try makeRenderPass()
    try makeFramebuffer()
    try makeLayouts()
    try makePipeline()
  }

  /// Those that are there.
  deinit {
    let (functions, device) = unsafe (connection.functions, connection.device)
    unsafe functions.destroyPipeline(device, pipeline, nil)
    unsafe functions.destroyPipelineLayout(device, layout, nil)
    unsafe functions.destroyDescriptorSetLayout(device, setLayout, nil)
    for index in unsafe shaders.indices {
      unsafe functions.destroyShaderModule(device, shaders[index], nil)
    }
    unsafe functions.destroySampler(device, sampler, nil)
    unsafe functions.destroyFramebuffer(device, framebuffer, nil)
    unsafe functions.destroyRenderPass(device, renderPass, nil)
    unsafe functions.destroyImageView(device, view, nil)
    unsafe functions.destroyImage(device, image, nil)
    unsafe functions.destroyBuffer(device, readback, nil)
  }

  var area: VkRect2D {
    VkRect2D(
      offset: VkOffset2D(x: 0, y: 0),
      extent: VkExtent2D(width: UInt32(size.width), height: UInt32(size.height)))
  }

  /// Brings the blank image into its layout; nobody sees what is in it.
  var blankBarrier: VkImageMemoryBarrier {
    unsafe VkImageMemoryBarrier(
      sType: VK_STRUCTURE_TYPE_IMAGE_MEMORY_BARRIER, pNext: nil, srcAccessMask: 0,
      dstAccessMask: VK_ACCESS_SHADER_READ_BIT.rawValue, oldLayout: VK_IMAGE_LAYOUT_UNDEFINED,
      newLayout: OwnImage.layout, srcQueueFamilyIndex: QueueFamily.ignored,
      dstQueueFamilyIndex: QueueFamily.ignored, image: blank.image,
      subresourceRange: .colour(levels: 0..<1))
  }

  /// Has the picture copied to where the CPU reads it.
  @unsafe func recordReadback(in list: VkCommandBuffer) {
    var region = VkBufferImageCopy()
    region.imageSubresource = VkImageSubresourceLayers(
      aspectMask: VK_IMAGE_ASPECT_COLOR_BIT.rawValue, mipLevel: 0, baseArrayLayer: 0,
      layerCount: 1)
    region.imageExtent = VkExtent3D(
      width: UInt32(size.width), height: UInt32(size.height), depth: 1)
    unsafe connection.functions.copyImageToBuffer(
      list, image, VK_IMAGE_LAYOUT_TRANSFER_SRC_OPTIMAL, readback, 1, &region)
    var seen = unsafe VkMemoryBarrier(
      sType: VK_STRUCTURE_TYPE_MEMORY_BARRIER, pNext: nil,
      srcAccessMask: VK_ACCESS_TRANSFER_WRITE_BIT.rawValue,
      dstAccessMask: VK_ACCESS_HOST_READ_BIT.rawValue)
    unsafe connection.functions.pipelineBarrier(
      list, VK_PIPELINE_STAGE_TRANSFER_BIT.rawValue, VK_PIPELINE_STAGE_HOST_BIT.rawValue, 0, 1,
      &seen, 0, nil, 0, nil)
  }

  private static func planeFormat() throws(VulkanFailure) -> PlaneFormat {
    guard let format = PlaneFormat.planes(FormatTable.known[.abgr8888] ?? [])?.first else {
      throw .unsupported("VkFormat", "no R8G8B8A8")
    }
    return format
  }

  private func makeImage(
    _ format: PlaneFormat, in memory: ImageMemory
  ) throws(VulkanFailure) {
    var info = unsafe VkImageCreateInfo()
    unsafe info.sType = VK_STRUCTURE_TYPE_IMAGE_CREATE_INFO
    unsafe info.imageType = VK_IMAGE_TYPE_2D
    unsafe info.format = format.vulkan
    unsafe info.extent = VkExtent3D(
      width: UInt32(size.width), height: UInt32(size.height), depth: 1)
    unsafe info.mipLevels = 1
    unsafe info.arrayLayers = 1
    unsafe info.samples = VK_SAMPLE_COUNT_1_BIT
    unsafe info.tiling = VK_IMAGE_TILING_OPTIMAL
    unsafe info.usage =
      VK_IMAGE_USAGE_COLOR_ATTACHMENT_BIT.rawValue | VK_IMAGE_USAGE_TRANSFER_SRC_BIT.rawValue
    try connection.check(
      "vkCreateImage",
      unsafe connection.functions.createImage(connection.device, &info, nil, &image))
    guard let image = unsafe image else { throw .failed("vkCreateImage", "no handle") }
    var needs = VkMemoryRequirements()
    unsafe connection.functions.imageRequirements(connection.device, image, &needs)
    let place = try memory.allocate(needs)
    imagePlace = place
    try connection.check(
      "vkBindImageMemory",
      unsafe connection.functions.bindImageMemory(
        connection.device, image, place.memory.memory, VkDeviceSize(place.offset)))
    unsafe view = try connection.makeView(of: image, format)
  }

  private func makeReadback(in ledger: MemoryLedger) throws(VulkanFailure) {
    unsafe readback = try connection.makeBuffer(
      of: size.width * size.height * 4, for: VK_BUFFER_USAGE_TRANSFER_DST_BIT)
    let memory = try unsafe connection.memory(for: readback, in: ledger)
    readbackMemory = memory
    let bytes = try unsafe memory.map()
    unsafe pixels = UnsafeMutableRawBufferPointer(
      rebasing: bytes[..<(size.width * size.height * 4)])
  }

  private func makeRenderPass() throws(VulkanFailure) {
    var target = VkAttachmentDescription()
    target.format = blank.shape.format.vulkan
    target.samples = VK_SAMPLE_COUNT_1_BIT
    target.loadOp = VK_ATTACHMENT_LOAD_OP_CLEAR
    target.storeOp = VK_ATTACHMENT_STORE_OP_STORE
    target.stencilLoadOp = VK_ATTACHMENT_LOAD_OP_DONT_CARE
    target.stencilStoreOp = VK_ATTACHMENT_STORE_OP_DONT_CARE
    target.finalLayout = VK_IMAGE_LAYOUT_TRANSFER_SRC_OPTIMAL
    var reference = VkAttachmentReference(
      attachment: 0, layout: VK_IMAGE_LAYOUT_COLOR_ATTACHMENT_OPTIMAL)
    var copied = VkSubpassDependency()
    copied.dstSubpass = ~0  // VK_SUBPASS_EXTERNAL
    copied.srcStageMask = VK_PIPELINE_STAGE_COLOR_ATTACHMENT_OUTPUT_BIT.rawValue
    copied.srcAccessMask = VK_ACCESS_COLOR_ATTACHMENT_WRITE_BIT.rawValue
    copied.dstStageMask = VK_PIPELINE_STAGE_TRANSFER_BIT.rawValue
    copied.dstAccessMask = VK_ACCESS_TRANSFER_READ_BIT.rawValue
    let result = unsafe withUnsafePointer(to: &reference) { reference in
      var pass = unsafe VkSubpassDescription()
      unsafe pass.pipelineBindPoint = VK_PIPELINE_BIND_POINT_GRAPHICS
      unsafe pass.colorAttachmentCount = 1
      unsafe pass.pColorAttachments = reference
      return unsafe withUnsafePointer(to: &pass) { pass in
        unsafe withUnsafePointer(to: &target) { target in
          unsafe withUnsafePointer(to: &copied) { copied in
            var info = unsafe VkRenderPassCreateInfo(
              sType: VK_STRUCTURE_TYPE_RENDER_PASS_CREATE_INFO, pNext: nil, flags: 0,
              attachmentCount: 1, pAttachments: target, subpassCount: 1, pSubpasses: pass,
              dependencyCount: 1, pDependencies: copied)
            return unsafe connection.functions.createRenderPass(
              connection.device, &info, nil, &renderPass)
          }
        }
      }
    }
    try connection.check("vkCreateRenderPass", result)
  }

  private func makeFramebuffer() throws(VulkanFailure) {
    var view = unsafe view
    let result = unsafe withUnsafePointer(to: &view) { view in
      var info = unsafe VkFramebufferCreateInfo(
        sType: VK_STRUCTURE_TYPE_FRAMEBUFFER_CREATE_INFO, pNext: nil, flags: 0,
        renderPass: renderPass, attachmentCount: 1, pAttachments: view,
        width: UInt32(size.width), height: UInt32(size.height), layers: 1)
      return unsafe connection.functions.createFramebuffer(
        connection.device, &info, nil, &framebuffer)
    }
    try connection.check("vkCreateFramebuffer", result)
  }
}

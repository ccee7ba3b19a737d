internal import CVulkan
internal import TexAlloc

/// What an image of the GPU's own is like.
struct OwnImageShape: Hashable, Sendable {
  let format: PlaneFormat
  let size: ImageSize
  let isMipmapped: Bool

  /// One, or as many as there are down to a single texel.
  var levels: Int {
    isMipmapped ? Int.bitWidth - max(size.width, size.height).leadingZeroBitCount : 1
  }

  init(_ format: PlaneFormat, _ size: ImageSize, mipmapped: Bool) {
    self.format = format
    self.size = size
    isMipmapped = mipmapped
  }

  /// Bytes, about.
  var bytes: Int {
    let base = size.width * size.height * format.bytesPerTexel
    return levels > 1 ? base / 3 * 4 : base
  }
}

/// An image of the GPU's own, arranged as it likes, into which it copies.
@safe final class OwnImage: @unchecked Sendable {  // handles, which never change
  let shape: OwnImageShape
  let image: VkImage
  let view: VkImageView
  private let place: ImagePlace
  private let connection: VulkanConnection

  /// In which it is sampled.
  static let layout = VK_IMAGE_LAYOUT_SHADER_READ_ONLY_OPTIMAL

  init(
    _ shape: OwnImageShape, in memory: ImageMemory, on connection: VulkanConnection
  ) throws(VulkanFailure) {
    let functions = connection.functions
    var info = unsafe VkImageCreateInfo()
    unsafe info.sType = VK_STRUCTURE_TYPE_IMAGE_CREATE_INFO
    unsafe info.imageType = VK_IMAGE_TYPE_2D
    unsafe info.format = shape.format.vulkan
    unsafe info.extent = VkExtent3D(
      width: UInt32(shape.size.width), height: UInt32(shape.size.height), depth: 1)
    unsafe info.mipLevels = UInt32(shape.levels)
    unsafe info.arrayLayers = 1
    unsafe info.samples = VK_SAMPLE_COUNT_1_BIT
    unsafe info.tiling = VK_IMAGE_TILING_OPTIMAL
    unsafe info.usage =
      VK_IMAGE_USAGE_SAMPLED_BIT.rawValue | VK_IMAGE_USAGE_TRANSFER_DST_BIT.rawValue
      | (shape.levels > 1 ? VK_IMAGE_USAGE_TRANSFER_SRC_BIT.rawValue : 0)
    var handle: VkImage?
    try connection.check(
      "vkCreateImage", unsafe functions.createImage(connection.device, &info, nil, &handle))
    guard let image = unsafe handle else { throw .failed("vkCreateImage", "no handle") }
    do throws(VulkanFailure) {
      var needs = VkMemoryRequirements()
      unsafe functions.imageRequirements(connection.device, image, &needs)
      place = try memory.allocate(needs)
      try connection.check(
        "vkBindImageMemory",
        unsafe functions.bindImageMemory(
          connection.device, image, place.memory.memory, VkDeviceSize(place.offset)))
      unsafe view = try connection.makeView(of: image, shape.format, levels: shape.levels)
    } catch {
      unsafe functions.destroyImage(connection.device, image, nil)
      throw error
    }
    unsafe self.image = image
    self.shape = shape
    self.connection = connection
  }

  deinit {
    unsafe connection.functions.destroyImageView(connection.device, view, nil)
    unsafe connection.functions.destroyImage(connection.device, image, nil)
  }
}

/// Recording what fills it.
extension OwnImage {
  /// Has the GPU copy rows from a buffer, then make the smaller levels anew. What it was given before may
  /// still sample the image.
  ///
  /// - Parameters:
  ///   - source: Of the bytes, of which row 0 begins at `start`, each `pitch` bytes after the one before.
  ///   - isNew: Whether nothing of what is in the image is wanted.
  @unsafe func recordCopy(
    of rows: Range<Int>, from source: VkBuffer, at start: Int, pitch: Int, isNew: Bool,
    in list: VkCommandBuffer
  ) {
    let all = 0..<shape.levels
    unsafe recordBarrier(
      all, from: isNew ? VK_IMAGE_LAYOUT_UNDEFINED : Self.layout,
      to: VK_IMAGE_LAYOUT_TRANSFER_DST_OPTIMAL, VK_ACCESS_SHADER_READ_BIT,
      VK_ACCESS_TRANSFER_WRITE_BIT, in: list)
    var region = VkBufferImageCopy()
    region.bufferOffset = VkDeviceSize(start + rows.lowerBound * pitch)
    region.bufferRowLength = UInt32(pitch / shape.format.bytesPerTexel)
    region.imageSubresource = Self.level(0)
    region.imageOffset = VkOffset3D(x: 0, y: Int32(rows.lowerBound), z: 0)
    region.imageExtent = VkExtent3D(
      width: UInt32(shape.size.width), height: UInt32(rows.count), depth: 1)
    unsafe connection.functions.copyBufferToImage(
      list, source, image, VK_IMAGE_LAYOUT_TRANSFER_DST_OPTIMAL, 1, &region)
    for level in all.dropFirst() {
      unsafe recordBarrier(
        level - 1..<level, from: VK_IMAGE_LAYOUT_TRANSFER_DST_OPTIMAL,
        to: VK_IMAGE_LAYOUT_TRANSFER_SRC_OPTIMAL, VK_ACCESS_TRANSFER_WRITE_BIT,
        VK_ACCESS_TRANSFER_READ_BIT, in: list)
      unsafe recordHalving(into: level, in: list)
    }
    if shape.levels > 1 {
      unsafe recordBarrier(
        0..<shape.levels - 1, from: VK_IMAGE_LAYOUT_TRANSFER_SRC_OPTIMAL, to: Self.layout,
        VK_ACCESS_TRANSFER_READ_BIT, VK_ACCESS_SHADER_READ_BIT, in: list)
    }
    unsafe recordBarrier(
      shape.levels - 1..<shape.levels, from: VK_IMAGE_LAYOUT_TRANSFER_DST_OPTIMAL,
      to: Self.layout, VK_ACCESS_TRANSFER_WRITE_BIT, VK_ACCESS_SHADER_READ_BIT, in: list)
  }

  /// Makes a level of the one before.
  @unsafe private func recordHalving(into level: Int, in list: VkCommandBuffer) {
    func corner(_ level: Int) -> VkOffset3D {
      VkOffset3D(
        x: Int32(max(shape.size.width >> level, 1)), y: Int32(max(shape.size.height >> level, 1)),
        z: 1)
    }
    let origin = VkOffset3D(x: 0, y: 0, z: 0)
    var blit = VkImageBlit(
      srcSubresource: Self.level(level - 1), srcOffsets: (origin, corner(level - 1)),
      dstSubresource: Self.level(level), dstOffsets: (origin, corner(level)))
    unsafe connection.functions.blitImage(
      list, image, VK_IMAGE_LAYOUT_TRANSFER_SRC_OPTIMAL, image,
      VK_IMAGE_LAYOUT_TRANSFER_DST_OPTIMAL, 1, &blit, VK_FILTER_LINEAR)
  }

  @unsafe private func recordBarrier(
    _ levels: Range<Int>, from old: VkImageLayout, to new: VkImageLayout,
    _ before: VkAccessFlagBits, _ after: VkAccessFlagBits, in list: VkCommandBuffer
  ) {
    var barrier = unsafe VkImageMemoryBarrier(
      sType: VK_STRUCTURE_TYPE_IMAGE_MEMORY_BARRIER, pNext: nil, srcAccessMask: before.rawValue,
      dstAccessMask: after.rawValue, oldLayout: old, newLayout: new,
      srcQueueFamilyIndex: QueueFamily.ignored, dstQueueFamilyIndex: QueueFamily.ignored,
      image: image, subresourceRange: .colour(levels: levels))
    let stages = VK_PIPELINE_STAGE_ALL_COMMANDS_BIT.rawValue
    unsafe connection.functions.pipelineBarrier(
      list, stages, stages, 0, 0, nil, 0, nil, 1, &barrier)
  }

  private static func level(_ level: Int) -> VkImageSubresourceLayers {
    VkImageSubresourceLayers(
      aspectMask: VK_IMAGE_ASPECT_COLOR_BIT.rawValue, mipLevel: UInt32(level), baseArrayLayer: 0,
      layerCount: 1)
  }
}

/// Images of the GPU's own that no texture shows any more: the next copy of the same shape takes one over.
/// What the queue was given before it is done with them when it copies.
struct KeptOwnImages: Sendable {
  private static let (mostImages, mostBytes) = (64, 32 << 20)

  /// The newest last.
  private var entries: [OwnImage] = []
  private var bytes = 0

  mutating func take(_ shape: OwnImageShape) -> OwnImage? {
    guard let index = entries.lastIndex(where: { $0.shape == shape }) else { return nil }
    bytes -= shape.bytes
    return entries.remove(at: index)
  }

  /// - Returns: Those that are too many now.
  mutating func keep(_ images: [OwnImage]) -> [OwnImage] {
    entries += images
    bytes += images.reduce(0) { $0 + $1.shape.bytes }
    var oldest: [OwnImage] = []
    while entries.count > Self.mostImages || bytes > Self.mostBytes {
      oldest.append(entries.removeFirst())
      bytes -= oldest.last?.shape.bytes ?? 0
    }
    return oldest
  }

  mutating func removeAll() -> [OwnImage] {
    defer { (entries, bytes) = ([], 0) }
    return entries
  }
}

extension VulkanConnection {
  /// Whether the GPU copies into images of its own in the format, and samples them; and scales them,
  /// where there are to be mipmaps.
  func copies(into format: PlaneFormat, mipmapped: Bool) -> Bool {
    var properties = unsafe VkFormatProperties2()
    unsafe properties.sType = VK_STRUCTURE_TYPE_FORMAT_PROPERTIES_2
    unsafe physical.instance.functions.getFormatProperties(
      physical.handle, format.vulkan, &properties)
    let scaling = VK_FORMAT_FEATURE_BLIT_SRC_BIT.rawValue | VK_FORMAT_FEATURE_BLIT_DST_BIT.rawValue
    let wanted =
      VK_FORMAT_FEATURE_SAMPLED_IMAGE_BIT.rawValue
      | VK_FORMAT_FEATURE_SAMPLED_IMAGE_FILTER_LINEAR_BIT.rawValue
      | VK_FORMAT_FEATURE_TRANSFER_DST_BIT.rawValue | (mipmapped ? scaling : 0)
    let features = unsafe properties.formatProperties.optimalTilingFeatures
    return features & wanted == wanted
  }
}

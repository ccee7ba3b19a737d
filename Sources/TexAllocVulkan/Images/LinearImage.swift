internal import CVulkan
internal import TexAlloc

/// How a plane of an image lies.
struct LinearPlane: Sendable {
  let format: PlaneFormat
  /// Texels.
  let size: ImageSize
  /// Bytes from the start of the image, and from one row to the next.
  let offset, pitch: Int
  /// What the driver wants, where it was asked about one that lies alike.
  var needs: LinearNeeds?
}

/// A plane of an image where it lies in memory, as the device sees it.
@safe final class LinearImage: PlacedImage, @unchecked Sendable {  // nothing of it changes
  let format: PlaneFormat
  let needs: LinearNeeds

  /// - Parameter place: Of the plane, in bytes from the start of the memory.
  /// - Throws: Where the driver wants it otherwise, too.
  init(
    _ plane: LinearPlane, at place: Int, in memory: DeviceMemory, by images: LinearImages
  ) throws(LinearImageRefused) {
    let connection = memory.connection
    let functions = connection.functions
    let image: VkImage
    do {
      unsafe image = try images.makeImage(
        plane.format, plane.size, pitch: plane.pitch, handleType: memory.handleType)
    } catch { throw .failed(error) }
    let view: VkImageView
    do throws(LinearImageRefused) {
      needs =
        if let known = plane.needs { known } else {
          try unsafe LinearNeeds(of: image, plane.pitch, in: memory, images)
        }
      let start = place - needs.offset
      try memory.require(needs, at: start)
      do throws(VulkanFailure) {
        try connection.check(
          "vkBindImageMemory",
          unsafe functions.bindImageMemory(
            connection.device, image, memory.memory, VkDeviceSize(start)))
        unsafe view = try connection.makeView(of: image, plane.format)
      } catch { throw .failed(error) }
    } catch {
      unsafe functions.destroyImage(connection.device, image, nil)
      throw error
    }
    format = plane.format
    unsafe super.init(
      image, view, plane.size, in: memory, from: images.initialLayout(handleType: memory.handleType)
    )
  }
}

/// What a driver wants of memory for a linear image: the same for all of one kind.
struct LinearNeeds: Sendable {
  /// Where in its memory the first row lies.
  let offset: Int
  let size, alignment: Int
  /// A bit for each type that it may lie in.
  let memoryTypes: UInt32

  /// - Throws: Where it wants another pitch.
  @unsafe init(
    of image: VkImage, _ pitch: Int, in memory: DeviceMemory, _ images: LinearImages
  ) throws(LinearImageRefused) {
    let held = unsafe images.place(of: image)
    guard held.pitch == pitch else { throw .pitch(wanted: held.pitch, held: pitch) }
    var needs = VkMemoryRequirements()
    unsafe memory.connection.functions.imageRequirements(memory.connection.device, image, &needs)
    self.init(needs, offset: held.offset)
  }

  init(_ needs: VkMemoryRequirements, offset: Int) {
    self.offset = offset
    (size, alignment) = (Int(needs.size), Int(needs.alignment))
    memoryTypes = needs.memoryTypeBits
  }
}

extension DeviceMemory {
  /// - Throws: Why an image is not bound there.
  func require(_ needs: LinearNeeds, at start: Int) throws(LinearImageRefused) {
    guard start >= 0, start.isMultiple(of: needs.alignment) else {
      throw .offset(wanted: needs.alignment, held: start)
    }
    guard start + needs.size <= size else {
      throw .size(wanted: start + needs.size, held: size)
    }
    guard needs.memoryTypes >> UInt32(type.index) & 1 == 1 else { throw .memoryType(type) }
  }
}

/// Why a driver has no linear image there.
enum LinearImageRefused: Error {
  case pitch(wanted: Int, held: Int)
  case offset(wanted: Int, held: Int)
  case size(wanted: Int, held: Int)
  /// Pixels.
  case extent(wanted: String, held: ImageSize)
  case memoryType(VulkanMemoryType)
  case failed(VulkanFailure)
}

extension VkImageSubresourceRange {
  static func colour(levels: Range<Int>) -> VkImageSubresourceRange {
    VkImageSubresourceRange(
      aspectMask: VK_IMAGE_ASPECT_COLOR_BIT.rawValue, baseMipLevel: UInt32(levels.lowerBound),
      levelCount: UInt32(levels.count), baseArrayLayer: 0, layerCount: 1)
  }
}

extension VulkanConnection {
  /// A view of the whole of an image.
  @unsafe func makeView(
    of image: VkImage, _ format: PlaneFormat, levels: Int = 1
  ) throws(VulkanFailure) -> VkImageView {
    try unsafe makeView(
      of: image, format.vulkan, isOpaque: format.isOpaque, levels: levels, extension: nil)
  }

  /// - Parameter extension: A structure that says more: how it is converted.
  @unsafe func makeView(
    of image: VkImage, _ format: VkFormat, isOpaque: Bool = false, levels: Int = 1,
    extension: UnsafeRawPointer?
  ) throws(VulkanFailure) -> VkImageView {
    let same = VK_COMPONENT_SWIZZLE_IDENTITY
    var info = unsafe VkImageViewCreateInfo(
      sType: VK_STRUCTURE_TYPE_IMAGE_VIEW_CREATE_INFO, pNext: `extension`, flags: 0, image: image,
      viewType: VK_IMAGE_VIEW_TYPE_2D, format: format,
      components: VkComponentMapping(
        r: same, g: same, b: same, a: isOpaque ? VK_COMPONENT_SWIZZLE_ONE : same),
      subresourceRange: .colour(levels: 0..<levels))
    var view: VkImageView?
    try check(
      "vkCreateImageView", unsafe functions.createImageView(device, &info, nil, &view))
    guard let view = unsafe view else { throw .failed("vkCreateImageView", "no handle") }
    return unsafe view
  }
}

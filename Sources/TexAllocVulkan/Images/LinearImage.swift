internal import CVulkan
internal import Synchronization
internal import TexAlloc

/// A plane of an image where it lies in memory, as the device sees it.
@safe final class LinearImage: @unchecked Sendable {  // handles, which never change
  let image: VkImage
  let view: VkImageView
  let format: PlaneFormat
  let size: ImageSize
  let needs: LinearNeeds
  /// It lives as long.
  private let memory: DeviceMemory
  private let initialLayout: VkImageLayout
  /// Whether some list of commands brings it into its layout.
  private let isPrepared = Atomic(false)
  /// Whether it was given back at least once: then it is in its layout.
  private let wasReleased = Atomic(false)

  /// The only one in which a device may sample what the CPU writes again.
  static let layout = VK_IMAGE_LAYOUT_GENERAL

  /// - Parameters:
  ///   - place: Bytes from the start of the memory.
  ///   - pitch: Bytes from one row to the next.
  ///   - known: What the driver wants, where it was asked about an image that lies alike.
  /// - Throws: Where the driver wants it otherwise, too.
  init(
    _ format: PlaneFormat, _ size: ImageSize, at place: Int, pitch: Int, in memory: DeviceMemory,
    by images: LinearImages, knowing known: LinearNeeds? = nil
  ) throws(LinearImageRefused) {
    let connection = memory.connection
    let functions = connection.functions
    let image: VkImage
    do {
      unsafe image = try images.makeImage(
        format, size, pitch: pitch, handleType: memory.handleType)
    } catch { throw .failed(error) }
    do throws(LinearImageRefused) {
      let needs =
        if let known { known } else { try unsafe LinearNeeds(of: image, pitch, in: memory, images) }
      let start = place - needs.offset
      guard start >= 0, start.isMultiple(of: needs.alignment) else {
        throw .offset(wanted: needs.alignment, held: start)
      }
      guard start + needs.size <= memory.size else {
        throw .size(wanted: start + needs.size, held: memory.size)
      }
      self.needs = needs
      do throws(VulkanFailure) {
        try connection.check(
          "vkBindImageMemory",
          unsafe functions.bindImageMemory(
            connection.device, image, memory.memory, VkDeviceSize(start)))
        unsafe view = try connection.makeView(of: image, format)
      } catch { throw .failed(error) }
    } catch {
      unsafe functions.destroyImage(connection.device, image, nil)
      throw error
    }
    unsafe self.image = image
    self.format = format
    self.size = size
    self.memory = memory
    initialLayout = images.initialLayout(handleType: memory.handleType)
  }

  deinit {
    let connection = memory.connection
    unsafe connection.functions.destroyImageView(connection.device, view, nil)
    unsafe connection.functions.destroyImage(connection.device, image, nil)
  }

  var wantsBarrier: Bool { !isPrepared.load(ordering: .acquiring) }

  /// Says that no list of commands has the barrier that was taken.
  func giveBackBarrier() { isPrepared.store(false, ordering: .releasing) }

  /// What brings it into its layout, for whoever asks first: nil afterwards.
  func takeBarrier() -> VkImageMemoryBarrier? {
    guard !isPrepared.exchange(true, ordering: .acquiringAndReleasing) else { return nil }
    let old = wasReleased.load(ordering: .acquiring) ? Self.layout : initialLayout
    return unsafe memory.barrier(of: image, from: old)
  }

  /// What gives it back to those whose memory it lies in, where that is not the device's alone; nil where
  /// nobody has taken it from them.
  var release: VkImageMemoryBarrier? {
    guard isOthers, !wantsBarrier else { return nil }
    return unsafe memory.release(of: image)
  }

  var isOthers: Bool { memory.owner != QueueFamily.ignored }

  /// Says that a list of commands gives it back: it wants its barrier again.
  func noteRelease() {
    wasReleased.store(true, ordering: .releasing)
    isPrepared.store(false, ordering: .releasing)
  }
}

extension DeviceMemory {
  /// Whose the memory is while no queue of the device has it: other drivers' that of a dma-buf, that of other
  /// APIs of the same GPU what is exported. Memory of the process, and the device's own, is nobody's.
  var owner: UInt32 {
    switch handleType {
    case VK_EXTERNAL_MEMORY_HANDLE_TYPE_DMA_BUF_BIT_EXT.rawValue:
      connection.extensions.contains("VK_EXT_queue_family_foreign")
        ? QueueFamily.foreign : QueueFamily.external
    case Self.exportedType: QueueFamily.external
    default: QueueFamily.ignored
    }
  }

  /// Brings a linear image that lies here into its layout, and to the device's queue where it is others',
  /// too.
  @unsafe func barrier(of image: VkImage, from old: VkImageLayout) -> VkImageMemoryBarrier {
    let isOthers = owner != QueueFamily.ignored
    return unsafe VkImageMemoryBarrier(
      sType: VK_STRUCTURE_TYPE_IMAGE_MEMORY_BARRIER, pNext: nil,
      srcAccessMask: isOthers ? 0 : VK_ACCESS_HOST_WRITE_BIT.rawValue,
      dstAccessMask: VK_ACCESS_SHADER_READ_BIT.rawValue, oldLayout: old,
      newLayout: LinearImage.layout, srcQueueFamilyIndex: owner,
      dstQueueFamilyIndex: isOthers ? connection.queueFamily : QueueFamily.ignored,
      image: image, subresourceRange: .colour(levels: 0..<1))
  }

  /// Gives it back.
  @unsafe func release(of image: VkImage) -> VkImageMemoryBarrier {
    unsafe VkImageMemoryBarrier(
      sType: VK_STRUCTURE_TYPE_IMAGE_MEMORY_BARRIER, pNext: nil,
      srcAccessMask: VK_ACCESS_SHADER_READ_BIT.rawValue, dstAccessMask: 0,
      oldLayout: LinearImage.layout, newLayout: LinearImage.layout,
      srcQueueFamilyIndex: connection.queueFamily, dstQueueFamilyIndex: owner, image: image,
      subresourceRange: .colour(levels: 0..<1))
  }
}

/// What a driver wants of memory for a linear image: the same for all of one kind.
struct LinearNeeds: Sendable {
  /// Where in its memory the first row lies.
  let offset: Int
  let size, alignment: Int

  /// - Throws: Where it wants another pitch, or other memory.
  @unsafe init(
    of image: VkImage, _ pitch: Int, in memory: DeviceMemory, _ images: LinearImages
  ) throws(LinearImageRefused) {
    let held = unsafe images.place(of: image)
    guard held.pitch == pitch else { throw .pitch(wanted: held.pitch, held: pitch) }
    var needs = VkMemoryRequirements()
    unsafe memory.connection.functions.imageRequirements(memory.connection.device, image, &needs)
    guard needs.memoryTypeBits >> UInt32(memory.type.index) & 1 == 1 else {
      throw .memoryType(memory.type)
    }
    offset = held.offset
    (size, alignment) = (Int(needs.size), Int(needs.alignment))
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

/// `VK_QUEUE_FAMILY_IGNORED` and its like.
enum QueueFamily {
  static let ignored = UInt32.max
  static let external = UInt32.max - 1
  static let foreign = UInt32.max - 2
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

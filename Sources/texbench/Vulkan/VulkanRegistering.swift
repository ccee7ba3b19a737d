internal import CVulkan
internal import ProgramSupport
internal import TexAlloc
internal import TexAllocVulkan

/// Images made textures in a slab that the device knows, beside the three calls that nobody can do without.
struct VulkanRegistering {
  private static let count = 100
  private static let kinds = [Fourcc.abgr8888, .argb8888].map {
    ImageDescriptor(width: 128, height: 128, formats: [$0])
  }
  let gpu: VulkanDevice

  var besideBareCalls: Comparison {
    Comparison(
      title: "images of 128x128 in a known slab, \(gpu.description.name)", item: "register",
      routes: [
        Route(name: "bare vkCreateImage, vkBindImageMemory, vkCreateImageView", items: Self.count) {
          let bare = try BareVulkanImages(on: gpu, room: Self.count)
          return { watch in
            let images = try bare.make(Self.count, Self.kinds[0])
            watch.finish()
            bare.destroy(images)
          }
        },
        Route(name: "register, new", items: Self.count, isOurs: true, goal: Goal(ratio: 3)) {
          let pool = try TexturePool(for: [gpu])
          let firsts = try Self.kinds.map { try gpu.register(Self.painted($0, in: pool)) }
          var turn = 0
          return { watch in
            // What is kept of the places that come back is of the other kind.
            turn += 1
            do {
              let image = Self.kinds[turn % Self.kinds.count]
              let buffers = try (0..<Self.count).map { _ in try Self.painted(image, in: pool) }
              watch.restart()
              let textures = try buffers.map { try gpu.register($0) }
              watch.finish()
              withExtendedLifetime((firsts, textures)) {}
            }
            try letGo(of: pool)
          }
        },
        Route(name: "register, kept", items: Self.count, isOurs: true) {
          let pool = try TexturePool(for: [gpu])
          let image = Self.kinds[0]
          let first = try gpu.register(Self.painted(image, in: pool))
          let buffers = try (0..<Self.count).map { _ in try Self.painted(image, in: pool) }
          return { watch in
            do {
              let textures = try buffers.map { try gpu.register($0) }
              watch.finish()
              withExtendedLifetime((first, textures)) {}
            }
            try gpu.collect()
          }
        },
      ])
  }

  /// Has all that the queue still uses come back to the pool.
  private func letGo(of pool: TexturePool) throws {
    try gpu.collect()
    _ = try gpu.makeFence().wait(until: .now + .seconds(10))
    try gpu.collect()
    pool.collect()
  }

  private static func painted(
    _ image: ImageDescriptor, in pool: TexturePool
  ) throws -> TextureBuffer {
    let buffer = try pool.allocate(image)
    var writer = buffer.writer()
    writer.fill(0..<image.height, with: 255)
    return buffer
  }
}

/// Linear images by the bare calls, in memory that was allocated before.
@safe final class BareVulkanImages {
  @safe struct Image {
    fileprivate let image: VkImage?
    fileprivate let view: VkImageView?
  }

  private let device: VkDevice
  private let createImage: PFN_vkCreateImage
  private let bindImageMemory: PFN_vkBindImageMemory
  private let createImageView: PFN_vkCreateImageView
  private let destroyImage: PFN_vkDestroyImage
  private let destroyImageView: PFN_vkDestroyImageView
  private let freeMemory: PFN_vkFreeMemory
  private var memory: VkDeviceMemory?

  /// Bytes of an image.
  private static let size = 128 << 10

  init(on gpu: VulkanDevice, room count: Int) throws {
    let handles = gpu.handles
    let loader = try VulkanLoader.installed()
    func get<Function>(_ name: String) throws -> Function {
      guard let function = unsafe loader.getInstanceProcAddr(handles.instance, name) else {
        throw ProgramFailure("vkGetInstanceProcAddr: no \(name)")
      }
      // vulkan_core.h fixes the prototypes of the names.
      return unsafe unsafeBitCast(function, to: Function.self)
    }
    unsafe device = handles.device
    unsafe createImage = try get("vkCreateImage")
    unsafe bindImageMemory = try get("vkBindImageMemory")
    unsafe createImageView = try get("vkCreateImageView")
    unsafe destroyImage = try get("vkDestroyImage")
    unsafe destroyImageView = try get("vkDestroyImageView")
    unsafe freeMemory = try get("vkFreeMemory")
    let allocate: PFN_vkAllocateMemory = try unsafe get("vkAllocateMemory")
    guard let type = gpu.memoryHeaps.first?.type else {
      throw ProgramFailure("\(gpu.description.name): no memory that the CPU maps")
    }
    var info = unsafe VkMemoryAllocateInfo(
      sType: VK_STRUCTURE_TYPE_MEMORY_ALLOCATE_INFO, pNext: nil,
      allocationSize: VkDeviceSize(count * Self.size), memoryTypeIndex: UInt32(type.index))
    try unsafe Self.check("vkAllocateMemory", allocate(device, &info, nil, &memory))
  }

  deinit { unsafe freeMemory(device, memory, nil) }

  func make(_ count: Int, _ descriptor: ImageDescriptor) throws -> [Image] {
    var info = unsafe VkImageCreateInfo()
    unsafe info.sType = VK_STRUCTURE_TYPE_IMAGE_CREATE_INFO
    unsafe info.imageType = VK_IMAGE_TYPE_2D
    unsafe info.format = VK_FORMAT_R8G8B8A8_UNORM
    unsafe info.extent = VkExtent3D(
      width: UInt32(descriptor.width), height: UInt32(descriptor.height), depth: 1)
    unsafe (info.mipLevels, info.arrayLayers) = (1, 1)
    unsafe info.samples = VK_SAMPLE_COUNT_1_BIT
    unsafe info.tiling = VK_IMAGE_TILING_LINEAR
    unsafe info.usage = VK_IMAGE_USAGE_SAMPLED_BIT.rawValue
    unsafe info.initialLayout = VK_IMAGE_LAYOUT_PREINITIALIZED
    var images: [Image] = []
    images.reserveCapacity(count)
    for number in 0..<count {
      var image: VkImage?
      try unsafe Self.check("vkCreateImage", createImage(device, &info, nil, &image))
      let place = VkDeviceSize(number * Self.size)
      try unsafe Self.check("vkBindImageMemory", bindImageMemory(device, image, memory, place))
      var view = unsafe VkImageViewCreateInfo()
      unsafe view.sType = VK_STRUCTURE_TYPE_IMAGE_VIEW_CREATE_INFO
      unsafe view.image = image
      unsafe view.viewType = VK_IMAGE_VIEW_TYPE_2D
      unsafe view.format = VK_FORMAT_R8G8B8A8_UNORM
      unsafe view.subresourceRange = VkImageSubresourceRange(
        aspectMask: VK_IMAGE_ASPECT_COLOR_BIT.rawValue, baseMipLevel: 0, levelCount: 1,
        baseArrayLayer: 0, layerCount: 1)
      var handle: VkImageView?
      try unsafe Self.check("vkCreateImageView", createImageView(device, &view, nil, &handle))
      unsafe images.append(Image(image: image, view: handle))
    }
    return images
  }

  func destroy(_ images: [Image]) {
    for image in images {
      unsafe destroyImageView(device, image.view, nil)
      unsafe destroyImage(device, image.image, nil)
    }
  }

  private static func check(_ operation: String, _ result: VkResult) throws {
    guard result == VK_SUCCESS else { throw ProgramFailure("\(operation): \(result.rawValue)") }
  }
}

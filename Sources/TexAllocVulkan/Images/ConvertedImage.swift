internal import CVulkan
internal import TexAlloc

/// All planes of an image of luma and chroma as one image of Vulkan, each where it lies.
@safe final class ConvertedImage: Preparable, @unchecked Sendable {  // handles, which never change
  let image: VkImage
  let view: VkImageView
  let size: ImageSize
  let conversion: SamplerConversion
  /// That of each plane. It lives as long.
  private let memories: [DeviceMemory]
  private let ownership: ImageOwnership

  var layout: VkImageLayout { ImageOwnership.layout }
  var ownerships: [ImageOwnership] { [ownership] }

  /// - Parameter places: Of each plane, the memory, and bytes from its start.
  /// - Throws: Where the driver wants it otherwise, too.
  init(
    _ layout: ImageLayout, at places: [(memory: DeviceMemory, offset: Int)],
    converting conversion: SamplerConversion
  ) throws(LinearImageRefused) {
    let first = places[0].memory
    let connection = first.connection
    let image = try unsafe Self.makeImage(layout.imageSize, in: first, conversion)
    do throws(LinearImageRefused) {
      var starts: [Int] = []
      for (plane, place) in places.enumerated() {
        starts.append(
          try unsafe Self.start(
            of: plane, of: image, at: place.offset, pitch: layout.planes[plane].pitch,
            in: place.memory))
      }
      do throws(VulkanFailure) {
        try unsafe Self.bind(image, to: zip(places.map(\.memory), starts).map { ($0, $1) })
        var use = unsafe conversion.use
        unsafe view = try connection.makeView(
          of: image, conversion.conversion.vulkan, extension: &use)
      } catch { throw .failed(error) }
    } catch {
      unsafe connection.functions.destroyImage(connection.device, image, nil)
      throw error
    }
    unsafe self.image = image
    size = layout.imageSize
    self.conversion = conversion
    memories = places.map(\.memory)
    ownership = unsafe ImageOwnership(
      of: image, in: first,
      from: LinearImages.initialLayout(isPitchFree: false, first.handleType))
  }

  deinit {
    let connection = memories[0].connection
    unsafe connection.functions.destroyImageView(connection.device, view, nil)
    unsafe connection.functions.destroyImage(connection.device, image, nil)
  }
}

extension ConvertedImage {
  private static func aspect(ofPlane plane: Int) -> UInt32 {
    VK_IMAGE_ASPECT_PLANE_0_BIT.rawValue << UInt32(plane)
  }

  /// Without memory; that of its planes need not be one piece.
  @unsafe private static func makeImage(
    _ size: ImageSize, in memory: DeviceMemory, _ conversion: SamplerConversion
  ) throws(LinearImageRefused) -> VkImage {
    let connection = memory.connection
    let (across, down) = (conversion.conversion.across, conversion.conversion.down)
    guard size.width.isMultiple(of: across), size.height.isMultiple(of: down) else {
      throw .extent(wanted: "multiples of \(across)x\(down)", held: size)
    }
    let (format, handleType) = (conversion.conversion.vulkan, memory.handleType)
    let flags = VK_IMAGE_CREATE_DISJOINT_BIT.rawValue
    guard
      let support = LinearSupport(
        of: format, false, handleType == 0 ? nil : handleType, flags: flags, on: connection),
      support.takesMemory
    else {
      throw .failed(
        .unsupported(
          "VkImageFormatProperties2",
          "no linear images of VkFormat \(format.rawValue) in such memory"))
    }
    guard size.fits(in: support.largest) else {
      throw .extent(
        wanted: "at most \(support.largest.width)x\(support.largest.height)", held: size)
    }
    var external = unsafe VkExternalMemoryImageCreateInfo(
      sType: VK_STRUCTURE_TYPE_EXTERNAL_MEMORY_IMAGE_CREATE_INFO, pNext: nil,
      handleTypes: handleType)
    var image: VkImage?
    let result = unsafe withUnsafePointer(to: &external) { external in
      var info = unsafe VkImageCreateInfo()
      unsafe info.sType = VK_STRUCTURE_TYPE_IMAGE_CREATE_INFO
      unsafe info.pNext = handleType == 0 ? nil : UnsafeRawPointer(external)
      unsafe info.flags = flags
      unsafe info.imageType = VK_IMAGE_TYPE_2D
      unsafe info.format = format
      unsafe info.extent = VkExtent3D(
        width: UInt32(size.width), height: UInt32(size.height), depth: 1)
      unsafe (info.mipLevels, info.arrayLayers) = (1, 1)
      unsafe info.samples = VK_SAMPLE_COUNT_1_BIT
      unsafe info.tiling = VK_IMAGE_TILING_LINEAR
      unsafe info.usage = LinearImages.usage
      unsafe info.initialLayout = LinearImages.initialLayout(isPitchFree: false, handleType)
      return unsafe connection.functions.createImage(connection.device, &info, nil, &image)
    }
    do throws(VulkanFailure) { try connection.check("vkCreateImage", result) } catch {
      throw .failed(error)
    }
    guard let image = unsafe image else { throw .failed(.failed("vkCreateImage", "no handle")) }
    return unsafe image
  }

  /// Where in its memory a plane is bound, so that its first row is at an offset.
  @unsafe private static func start(
    of plane: Int, of image: VkImage, at offset: Int, pitch: Int, in memory: DeviceMemory
  ) throws(LinearImageRefused) -> Int {
    let connection = memory.connection
    var part = VkImageSubresource(
      aspectMask: aspect(ofPlane: plane), mipLevel: 0, arrayLayer: 0)
    var held = VkSubresourceLayout()
    unsafe connection.functions.subresourceLayout(connection.device, image, &part, &held)
    guard held.rowPitch == pitch else { throw .pitch(wanted: Int(held.rowPitch), held: pitch) }
    let start = offset - Int(held.offset)
    let needs = unsafe needs(of: plane, of: image, on: connection)
    guard start >= 0, start.isMultiple(of: Int(needs.alignment)) else {
      throw .offset(wanted: Int(needs.alignment), held: start)
    }
    guard start + Int(needs.size) <= memory.size else {
      throw .size(wanted: start + Int(needs.size), held: memory.size)
    }
    guard needs.memoryTypeBits >> UInt32(memory.type.index) & 1 == 1 else {
      throw .memoryType(memory.type)
    }
    return start
  }

  @unsafe private static func needs(
    of plane: Int, of image: VkImage, on connection: VulkanConnection
  ) -> VkMemoryRequirements {
    var part = unsafe VkImagePlaneMemoryRequirementsInfo(
      sType: VK_STRUCTURE_TYPE_IMAGE_PLANE_MEMORY_REQUIREMENTS_INFO, pNext: nil,
      planeAspect: VkImageAspectFlagBits(aspect(ofPlane: plane)))
    var needs = unsafe VkMemoryRequirements2()
    unsafe needs.sType = VK_STRUCTURE_TYPE_MEMORY_REQUIREMENTS_2
    unsafe withUnsafePointer(to: &part) { part in
      var info = unsafe VkImageMemoryRequirementsInfo2(
        sType: VK_STRUCTURE_TYPE_IMAGE_MEMORY_REQUIREMENTS_INFO_2, pNext: part, image: image)
      unsafe connection.functions.planeRequirements(connection.device, &info, &needs)
    }
    return unsafe needs.memoryRequirements
  }

  @unsafe private static func bind(
    _ image: VkImage, to places: [(memory: DeviceMemory, start: Int)]
  ) throws(VulkanFailure) {
    let connection = places[0].memory.connection
    let parts = unsafe places.indices.map { plane in
      unsafe VkBindImagePlaneMemoryInfo(
        sType: VK_STRUCTURE_TYPE_BIND_IMAGE_PLANE_MEMORY_INFO, pNext: nil,
        planeAspect: VkImageAspectFlagBits(aspect(ofPlane: plane)))
    }
    let result = unsafe parts.withUnsafeBufferPointer { parts in
      let infos = unsafe places.enumerated().map { plane, place in
        unsafe VkBindImageMemoryInfo(
          sType: VK_STRUCTURE_TYPE_BIND_IMAGE_MEMORY_INFO,
          pNext: parts.baseAddress.map { unsafe $0 + plane },
          image: image, memory: place.memory.memory, memoryOffset: VkDeviceSize(place.start))
      }
      return unsafe connection.functions.bindPlaneMemory(
        connection.device, UInt32(infos.count), infos)
    }
    try connection.check("vkBindImageMemory2", result)
  }
}

internal import CVulkan
internal import TexAlloc

/// All planes of an image of luma and chroma as one image of Vulkan, each where it lies.
@safe
final class ConvertedImage: PlacedImage, Preparable,
  @unchecked Sendable  // nothing of it changes
{
  let conversion: SamplerConversion
  let binding: ConvertedBinding

  var layout: VkImageLayout { Self.layout }
  var placed: [PlacedImage] { [self] }

  /// - Parameters:
  ///   - places: Of each plane, the memory, and bytes from its start.
  ///   - demanded: How it is bound; the best that the places and the driver allow where nil.
  /// - Throws: Where the driver wants it otherwise, too.
  init(
    _ layout: ImageLayout, at places: [(memory: DeviceMemory, offset: Int)],
    converting conversion: SamplerConversion, bound demanded: ConvertedBinding? = nil
  ) throws(LinearImageRefused) {
    let first = places[0].memory
    let connection = first.connection
    let isInOne = places.allSatisfy { $0.memory === first }
    let possible = (demanded.map { [$0] } ?? conversion.bindings).filter { isInOne || $0.isApart }
    guard !possible.isEmpty else {
      throw .failed(
        .unsupported(
          "VK_FORMAT_FEATURE_DISJOINT_BIT",
          "images of VkFormat \(conversion.conversion.format) lie in one memory"))
    }
    guard
      let (binding, largest) = possible.lazy.compactMap({ binding in
        binding.support(for: conversion, in: first).map { (binding, $0.largest) }
      }).first
    else {
      throw .failed(
        .unsupported(
          "VkImageFormatProperties2",
          "no linear images of VkFormat \(conversion.conversion.format) in such memory"))
    }
    guard layout.imageSize.fits(in: largest) else {
      throw .extent(
        wanted: "at most \(largest.width)x\(largest.height)", held: layout.imageSize)
    }
    // Where planes are bound together, the first of them says where.
    let base = binding.isApart ? nil : places.map(\.offset).min()
    let explicit = zip(layout.planes, places).map { plane, place in
      VkSubresourceLayout(
        offset: VkDeviceSize(base.map { place.offset - $0 } ?? 0), size: 0,
        rowPitch: VkDeviceSize(plane.pitch), arrayPitch: 0, depthPitch: 0)
    }
    let image = try unsafe Self.makeImage(
      layout.imageSize, conversion.conversion, binding, laidOut: explicit, first.handleType,
      on: connection)
    let view: VkImageView
    do throws(LinearImageRefused) {
      if let base {
        try unsafe Self.bind(image, to: first, at: base)
      } else {
        var starts: [Int] = []
        for (plane, place) in places.enumerated() {
          starts.append(
            try unsafe Self.start(
              of: plane, of: image, at: place.offset, pitch: layout.planes[plane].pitch,
              in: place.memory, binding))
        }
        let parts = zip(places.map(\.memory), starts).map { ($0, $1) }
        do { try unsafe Self.bind(image, to: parts, binding) } catch {
          throw .failed(error)
        }
      }
      do throws(VulkanFailure) {
        var use = unsafe conversion.use
        unsafe view = try connection.makeView(
          of: image, conversion.conversion.vulkan, extension: &use)
      } catch { throw .failed(error) }
    } catch {
      unsafe connection.functions.destroyImage(connection.device, image, nil)
      throw error
    }
    self.conversion = conversion
    self.binding = binding
    unsafe super.init(
      image, view, layout.imageSize, in: first, and: places.dropFirst().map(\.memory),
      from: LinearImages.initialLayout(isPitchFree: binding.isPitchFree, first.handleType))
  }
}

extension ConvertedImage {
  /// What the places of an image's planes are multiples of, and its size, for all of them to be one image; nil
  /// where the device makes no such images.
  static func alignments(
    of shapes: [PlaneShape], on connection: VulkanConnection
  ) -> (offset: Int, size: Int)? {
    guard connection.convertsLumaAndChroma, let conversion = Conversion(shapes, Colour()),
      let binding = ConvertedBinding(sampling: conversion, on: connection),
      let support = LinearSupport(
        of: conversion.vulkan, binding.isPitchFree, nil, flags: binding.flags, on: connection)
    else { return nil }
    var (offset, size) = (1, 1)
    for extent in [ImageSize(width: 64, height: 64), ImageSize(width: 1920, height: 1080)]
    where extent.fits(in: support.largest) {
      var (planes, end) = ([VkSubresourceLayout](), 0)
      for shape in shapes {
        // Far enough apart for every driver.
        let place = end.roundedUp(toMultipleOf: ImageLayout.largestAlignment)
        let pitch = (extent.width * 2).roundedUp(toMultipleOf: 256)
        planes.append(
          VkSubresourceLayout(
            offset: VkDeviceSize(place), size: 0, rowPitch: VkDeviceSize(pitch), arrayPitch: 0,
            depthPitch: 0))
        end = place + pitch * shape.rows(down: extent.height)
      }
      guard
        let image = try? unsafe makeImage(
          extent, conversion, binding, laidOut: planes, 0, on: connection)
      else { return nil }
      defer { unsafe connection.functions.destroyImage(connection.device, image, nil) }
      if binding.isApart {
        for plane in shapes.indices {
          let part = binding.aspect(ofPlane: plane)
          offset = max(offset, unsafe Int(needs(ofPart: part, of: image, on: connection).alignment))
        }
      } else {
        let needs = unsafe needs(of: image, on: connection)
        offset = max(offset, Int(needs.alignment))
        while size < ImageLayout.largestAlignment, end.roundedUp(toMultipleOf: size) < needs.size {
          size *= 2
        }
      }
    }
    return (offset, size)
  }

  /// Without memory.
  ///
  /// - Parameters:
  ///   - planes: How they lie, unless the driver says.
  ///   - handleType: By which its memory is imported; 0 where it is not.
  @unsafe private static func makeImage(
    _ size: ImageSize, _ conversion: Conversion, _ binding: ConvertedBinding,
    laidOut planes: [VkSubresourceLayout], _ handleType: UInt32, on connection: VulkanConnection
  ) throws(LinearImageRefused) -> VkImage {
    let (across, down) = (conversion.across, conversion.down)
    guard size.width.isMultiple(of: across), size.height.isMultiple(of: down) else {
      throw .extent(wanted: "multiples of \(across)x\(down)", held: size)
    }
    let isPitchFree = binding.isPitchFree
    var external = unsafe VkExternalMemoryImageCreateInfo(
      sType: VK_STRUCTURE_TYPE_EXTERNAL_MEMORY_IMAGE_CREATE_INFO, pNext: nil,
      handleTypes: handleType)
    var explicit = unsafe VkImageDrmFormatModifierExplicitCreateInfoEXT()
    unsafe explicit.sType = VK_STRUCTURE_TYPE_IMAGE_DRM_FORMAT_MODIFIER_EXPLICIT_CREATE_INFO_EXT
    var image: VkImage?
    let result = unsafe planes.withUnsafeBufferPointer { layouts in
      unsafe explicit.drmFormatModifierPlaneCount = UInt32(layouts.count)
      unsafe explicit.pPlaneLayouts = layouts.baseAddress
      return unsafe withUnsafeMutablePointers(&external, &explicit) { external, explicit in
        let memory = handleType == 0 ? nil : UnsafeRawPointer(external)
        unsafe explicit.pointee.pNext = memory
        var info = unsafe VkImageCreateInfo()
        unsafe info.sType = VK_STRUCTURE_TYPE_IMAGE_CREATE_INFO
        unsafe info.pNext = isPitchFree ? UnsafeRawPointer(explicit) : memory
        unsafe info.flags = binding.flags
        unsafe info.imageType = VK_IMAGE_TYPE_2D
        unsafe info.format = conversion.vulkan
        unsafe info.extent = VkExtent3D(
          width: UInt32(size.width), height: UInt32(size.height), depth: 1)
        unsafe (info.mipLevels, info.arrayLayers) = (1, 1)
        unsafe info.samples = VK_SAMPLE_COUNT_1_BIT
        unsafe info.tiling =
          isPitchFree ? VK_IMAGE_TILING_DRM_FORMAT_MODIFIER_EXT : VK_IMAGE_TILING_LINEAR
        unsafe info.usage = LinearImages.usage
        unsafe info.initialLayout =
          LinearImages.initialLayout(isPitchFree: isPitchFree, handleType)
        return unsafe connection.functions.createImage(connection.device, &info, nil, &image)
      }
    }
    do throws(VulkanFailure) { try connection.check("vkCreateImage", result) } catch {
      throw .failed(error)
    }
    guard let image = unsafe image else { throw .failed(.failed("vkCreateImage", "no handle")) }
    return unsafe image
  }

  /// Where in its memory a plane is bound, so that its first row is at an offset.
  @unsafe private static func start(
    of plane: Int, of image: VkImage, at offset: Int, pitch: Int, in memory: DeviceMemory,
    _ binding: ConvertedBinding
  ) throws(LinearImageRefused) -> Int {
    let connection = memory.connection
    let aspect = binding.aspect(ofPlane: plane)
    var part = VkImageSubresource(aspectMask: aspect, mipLevel: 0, arrayLayer: 0)
    var held = VkSubresourceLayout()
    unsafe connection.functions.subresourceLayout(connection.device, image, &part, &held)
    guard held.rowPitch == pitch else { throw .pitch(wanted: Int(held.rowPitch), held: pitch) }
    let start = offset - Int(held.offset)
    let needs = unsafe needs(ofPart: aspect, of: image, on: connection)
    try memory.require(LinearNeeds(needs, offset: Int(held.offset)), at: start)
    return start
  }

  /// All planes, as far apart as the image says.
  @unsafe private static func bind(
    _ image: VkImage, to memory: DeviceMemory, at start: Int
  ) throws(LinearImageRefused) {
    let connection = memory.connection
    try memory.require(LinearNeeds(unsafe needs(of: image, on: connection), offset: 0), at: start)
    let result = unsafe connection.functions.bindImageMemory(
      connection.device, image, memory.memory, VkDeviceSize(start))
    do throws(VulkanFailure) { try connection.check("vkBindImageMemory", result) } catch {
      throw .failed(error)
    }
  }

  @unsafe private static func needs(
    of image: VkImage, on connection: VulkanConnection
  ) -> VkMemoryRequirements {
    var needs = VkMemoryRequirements()
    unsafe connection.functions.imageRequirements(connection.device, image, &needs)
    return needs
  }

  @unsafe private static func needs(
    ofPart aspect: UInt32, of image: VkImage, on connection: VulkanConnection
  ) -> VkMemoryRequirements {
    var part = unsafe VkImagePlaneMemoryRequirementsInfo(
      sType: VK_STRUCTURE_TYPE_IMAGE_PLANE_MEMORY_REQUIREMENTS_INFO, pNext: nil,
      planeAspect: VkImageAspectFlagBits(aspect))
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
    _ image: VkImage, to places: [(memory: DeviceMemory, start: Int)],
    _ binding: ConvertedBinding
  ) throws(VulkanFailure) {
    let connection = places[0].memory.connection
    let parts = unsafe places.indices.map { plane in
      unsafe VkBindImagePlaneMemoryInfo(
        sType: VK_STRUCTURE_TYPE_BIND_IMAGE_PLANE_MEMORY_INFO, pNext: nil,
        planeAspect: VkImageAspectFlagBits(binding.aspect(ofPlane: plane)))
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

extension ConvertedBinding {
  /// What the driver says of such images; nil where it has none in that kind of memory.
  fileprivate func support(
    for conversion: SamplerConversion, in memory: DeviceMemory
  ) -> LinearSupport? {
    let handleType = memory.handleType
    let support = LinearSupport(
      of: conversion.conversion.vulkan, isPitchFree, handleType == 0 ? nil : handleType,
      flags: flags, on: memory.connection)
    return support?.takesMemory == true ? support : nil
  }
}

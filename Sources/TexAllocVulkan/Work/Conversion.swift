internal import CVulkan
internal import TexAlloc

/// How Vulkan calls an image of luma and chroma as a whole, and what a sampler is told of it to make red,
/// green and blue of it: [VkSamplerYcbcrConversion].
///
/// [VkSamplerYcbcrConversion]: https://registry.khronos.org/vulkan/specs/latest/man/html/VkSamplerYcbcrConversion.html
struct Conversion: Hashable, Sendable {
  /// A `VkFormat`.
  let format: UInt32
  /// Pixels across, and down, that share a sample of chroma.
  let across, down: Int
  let planeCount: Int
  private let matrix: Colour.Matrix
  private let range: Colour.Range
  /// Where samples of chroma lie; in a direction in which none are shared, that makes no difference, and is the
  /// same for all.
  fileprivate let horizontalSiting, verticalSiting: Colour.Siting

  var vulkan: VkFormat { VkFormat(format) }

  /// nil where Vulkan has no such format.
  init?(_ layout: ImageLayout) {
    guard layout.sampling == .asStored else { return nil }
    self.init(layout.shapes, layout.colour)
  }

  /// nil where Vulkan has no such format.
  init?(_ shapes: [PlaneShape], _ colour: Colour) {
    guard let row = Self.rows.first(where: { $0.shapes == shapes }) else { return nil }
    let chroma = shapes[1]
    format = row.format.rawValue
    planeCount = row.shapes.count
    (across, down) = (chroma.horizontalSubsampling, chroma.verticalSubsampling)
    (matrix, range) = (colour.matrix, colour.range)
    horizontalSiting = across > 1 ? colour.horizontalSiting : .cosited
    verticalSiting = down > 1 ? colour.verticalSiting : horizontalSiting
  }

  private static let rows: [(shapes: [PlaneShape], format: VkFormat)] = [
    (twoPlanes(across: 2, down: 2), VK_FORMAT_G8_B8R8_2PLANE_420_UNORM),
    (twoPlanes(across: 2, down: 1), VK_FORMAT_G8_B8R8_2PLANE_422_UNORM),
    (
      twoPlanes(across: 2, down: 2, bits: 10),
      VK_FORMAT_G10X6_B10X6R10X6_2PLANE_420_UNORM_3PACK16
    ),
    (threePlanes(across: 2, down: 2), VK_FORMAT_G8_B8_R8_3PLANE_420_UNORM),
    (threePlanes(across: 2, down: 1), VK_FORMAT_G8_B8_R8_3PLANE_422_UNORM),
    (threePlanes(across: 1, down: 1), VK_FORMAT_G8_B8_R8_3PLANE_444_UNORM),
  ]

  private static func twoPlanes(across: Int, down: Int, bits: Int = 8) -> [PlaneShape] {
    let chroma = [PlaneShape.Channel.Meaning.blueChroma, .redChroma]
    return [
      PlaneShape(channels(.luma, bits: bits)),
      PlaneShape(chroma.flatMap { channels($0, bits: bits) }, across: across, down: down),
    ]
  }

  private static func threePlanes(across: Int, down: Int) -> [PlaneShape] {
    [PlaneShape(channels(.luma, bits: 8))]
      + [.blueChroma, .redChroma].map {
        PlaneShape(channels($0, bits: 8), across: across, down: down)
      }
  }

  /// A number, above the bits of its bytes that hold nothing.
  private static func channels(
    _ meaning: PlaneShape.Channel.Meaning, bits: Int
  ) -> [PlaneShape.Channel] {
    (bits > 8 ? [.init(.unused, bits: 16 - bits)] : []) + [.init(meaning, bits: bits)]
  }

  fileprivate var model: VkSamplerYcbcrModelConversion {
    switch matrix {
    case .bt601: VK_SAMPLER_YCBCR_MODEL_CONVERSION_YCBCR_601
    case .bt709: VK_SAMPLER_YCBCR_MODEL_CONVERSION_YCBCR_709
    case .bt2020: VK_SAMPLER_YCBCR_MODEL_CONVERSION_YCBCR_2020
    }
  }

  fileprivate var vulkanRange: VkSamplerYcbcrRange {
    range == .full ? VK_SAMPLER_YCBCR_RANGE_ITU_FULL : VK_SAMPLER_YCBCR_RANGE_ITU_NARROW
  }

  /// Where samples of chroma lie in the directions in which several pixels share one.
  fileprivate var sitings: [Colour.Siting] {
    (across > 1 ? [horizontalSiting] : []) + (down > 1 ? [verticalSiting] : [])
  }

  fileprivate static func location(_ siting: Colour.Siting) -> VkChromaLocation {
    siting == .cosited ? VK_CHROMA_LOCATION_COSITED_EVEN : VK_CHROMA_LOCATION_MIDPOINT
  }
}

/// A sampler that makes red, green and blue of luma and chroma.
@safe final class SamplerConversion: @unchecked Sendable {  // handles, which never change
  let conversion: Conversion
  let handle: VkSamplerYcbcrConversion
  let sampler: VkSampler
  /// How many descriptors an image takes in a set.
  let descriptorCount: Int
  /// How such images can be bound, the best first.
  let bindings: [ConvertedBinding]
  private let connection: VulkanConnection

  /// - Throws: `VulkanFailure`, unsupported where the device lacks the conversion, or samples no such images
  ///   where they lie.
  init(_ conversion: Conversion, on connection: VulkanConnection) throws(VulkanFailure) {
    guard connection.convertsLumaAndChroma else {
      throw .unsupported("samplerYcbcrConversion", "the device was made without it")
    }
    let format = conversion.vulkan
    let free = connection.linearFeatures(of: format, explicitPlanes: conversion.planeCount)
    let own = connection.linearFeatures(of: format)
    let disjoint = VK_FORMAT_FEATURE_DISJOINT_BIT.rawValue
    // One sampler is for images of both tilings, and does what both can.
    var (bindings, features) = ([ConvertedBinding](), UInt32.max)
    if (try? Self.require(conversion, of: free)) != nil {
      bindings.append(ConvertedBinding(isPitchFree: true, isApart: false))
      if free & disjoint != 0 {
        bindings.append(ConvertedBinding(isPitchFree: true, isApart: true))
      }
      features &= free
    }
    if (try? Self.require(conversion, of: own)) != nil, own & disjoint != 0 {
      bindings.append(ConvertedBinding(isPitchFree: false, isApart: true))
      features &= own
    }
    if bindings.isEmpty {
      try Self.require(conversion, of: own)
      throw .unsupported(
        "VK_FORMAT_FEATURE_DISJOINT_BIT", "linear images of VkFormat \(format.rawValue) lack it")
    }
    self.bindings = bindings
    // All filters are of one kind: not every device has them apart.
    let isLinear =
      features & VK_FORMAT_FEATURE_SAMPLED_IMAGE_YCBCR_CONVERSION_LINEAR_FILTER_BIT.rawValue != 0
      && features & VK_FORMAT_FEATURE_SAMPLED_IMAGE_FILTER_LINEAR_BIT.rawValue != 0
    let filter = isLinear ? VK_FILTER_LINEAR : VK_FILTER_NEAREST
    let (functions, device) = unsafe (connection.functions, connection.device)
    var made: VkSamplerYcbcrConversion?
    var info = unsafe VkSamplerYcbcrConversionCreateInfo()
    unsafe info.sType = VK_STRUCTURE_TYPE_SAMPLER_YCBCR_CONVERSION_CREATE_INFO
    unsafe info.format = conversion.vulkan
    unsafe info.ycbcrModel = conversion.model
    unsafe info.ycbcrRange = conversion.vulkanRange
    unsafe info.xChromaOffset = Conversion.location(conversion.horizontalSiting)
    unsafe info.yChromaOffset = Conversion.location(conversion.verticalSiting)
    unsafe info.chromaFilter = filter
    try connection.check(
      "vkCreateSamplerYcbcrConversion", unsafe functions.createConversion(device, &info, nil, &made)
    )
    guard let handle = unsafe made else {
      throw .failed("vkCreateSamplerYcbcrConversion", "no handle")
    }
    var sampler: VkSampler?
    var use = unsafe Self.use(of: handle)
    let result = unsafe withUnsafePointer(to: &use) { use in
      var info = unsafe VkSamplerCreateInfo()
      unsafe info.sType = VK_STRUCTURE_TYPE_SAMPLER_CREATE_INFO
      unsafe info.pNext = UnsafeRawPointer(use)
      unsafe (info.magFilter, info.minFilter) = (filter, filter)
      unsafe info.addressModeU = VK_SAMPLER_ADDRESS_MODE_CLAMP_TO_EDGE
      unsafe info.addressModeV = VK_SAMPLER_ADDRESS_MODE_CLAMP_TO_EDGE
      unsafe info.addressModeW = VK_SAMPLER_ADDRESS_MODE_CLAMP_TO_EDGE
      return unsafe functions.createSampler(device, &info, nil, &sampler)
    }
    do throws(VulkanFailure) {
      try connection.check("vkCreateSampler", result)
      guard let sampler = unsafe sampler else { throw .failed("vkCreateSampler", "no handle") }
      unsafe self.sampler = sampler
    } catch {
      unsafe functions.destroyConversion(device, handle, nil)
      throw error
    }
    self.conversion = conversion
    unsafe self.handle = handle
    descriptorCount = bindings.map { connection.descriptors(of: format, $0) }.max() ?? 1
    self.connection = connection
  }

  deinit {
    unsafe connection.functions.destroySampler(connection.device, sampler, nil)
    unsafe connection.functions.destroyConversion(connection.device, handle, nil)
  }

  /// What views and samplers are told that go with it.
  var use: VkSamplerYcbcrConversionInfo { unsafe Self.use(of: handle) }

  private static func use(of handle: VkSamplerYcbcrConversion) -> VkSamplerYcbcrConversionInfo {
    unsafe VkSamplerYcbcrConversionInfo(
      sType: VK_STRUCTURE_TYPE_SAMPLER_YCBCR_CONVERSION_INFO, pNext: nil, conversion: handle)
  }

  private static func require(
    _ conversion: Conversion, of features: UInt32
  ) throws(VulkanFailure) {
    func require(_ bit: VkFormatFeatureFlagBits, _ name: String) throws(VulkanFailure) {
      if features & bit.rawValue == 0 {
        throw .unsupported(name, "linear images of VkFormat \(conversion.format) lack it")
      }
    }
    try require(VK_FORMAT_FEATURE_SAMPLED_IMAGE_BIT, "VK_FORMAT_FEATURE_SAMPLED_IMAGE_BIT")
    let (centred, cosited) = (
      VK_FORMAT_FEATURE_MIDPOINT_CHROMA_SAMPLES_BIT, VK_FORMAT_FEATURE_COSITED_CHROMA_SAMPLES_BIT
    )
    // One of them is wanted even where no samples are shared.
    if features & (centred.rawValue | cosited.rawValue) == 0 {
      try require(centred, "VK_FORMAT_FEATURE_MIDPOINT_CHROMA_SAMPLES_BIT")
    }
    let sitings = conversion.sitings
    if sitings.contains(.cosited) {
      try require(cosited, "VK_FORMAT_FEATURE_COSITED_CHROMA_SAMPLES_BIT")
    }
    if sitings.contains(.centred) {
      try require(centred, "VK_FORMAT_FEATURE_MIDPOINT_CHROMA_SAMPLES_BIT")
    }
  }
}

extension VulkanConnection {
  /// How many descriptors an image that is converted takes.
  fileprivate func descriptors(of format: VkFormat, _ binding: ConvertedBinding) -> Int {
    var conversion = unsafe VkSamplerYcbcrConversionImageFormatProperties()
    unsafe conversion.sType =
      VK_STRUCTURE_TYPE_SAMPLER_YCBCR_CONVERSION_IMAGE_FORMAT_PROPERTIES
    var modifier = unsafe VkPhysicalDeviceImageDrmFormatModifierInfoEXT()
    unsafe modifier.sType =
      VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_IMAGE_DRM_FORMAT_MODIFIER_INFO_EXT
    let result = unsafe withUnsafeMutablePointers(&conversion, &modifier) { conversion, modifier in
      var info = unsafe VkPhysicalDeviceImageFormatInfo2()
      unsafe info.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_IMAGE_FORMAT_INFO_2
      unsafe info.pNext = binding.isPitchFree ? UnsafeRawPointer(modifier) : nil
      unsafe info.format = format
      unsafe info.type = VK_IMAGE_TYPE_2D
      unsafe info.tiling =
        binding.isPitchFree ? VK_IMAGE_TILING_DRM_FORMAT_MODIFIER_EXT : VK_IMAGE_TILING_LINEAR
      unsafe info.usage = VK_IMAGE_USAGE_SAMPLED_BIT.rawValue
      unsafe info.flags = binding.flags
      var properties = unsafe VkImageFormatProperties2()
      unsafe properties.sType = VK_STRUCTURE_TYPE_IMAGE_FORMAT_PROPERTIES_2
      unsafe properties.pNext = UnsafeMutableRawPointer(conversion)
      return unsafe physical.instance.functions.getImageFormatProperties(
        physical.handle, &info, &properties)
    }
    return result == VK_SUCCESS
      ? max(1, unsafe Int(conversion.combinedImageSamplerDescriptorCount)) : 1
  }
}

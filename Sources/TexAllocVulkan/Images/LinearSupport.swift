internal import CVulkan
internal import TexAlloc

/// What a driver says of linear images of one format, in one kind of memory.
struct LinearSupport: Sendable {
  /// Texels.
  let largest: ImageSize
  /// Whether that memory can be imported, or exported, for many images in one.
  let takesMemory: Bool

  /// - Parameters:
  ///   - isPitchFree: Whether the caller says how far rows are apart.
  ///   - handleType: Of the memory; nil for the device's own.
  /// - Returns: nil where there are no such images.
  init?(
    of format: VkFormat, _ isPitchFree: Bool, _ handleType: UInt32?, flags: UInt32 = 0,
    on connection: VulkanConnection
  ) {
    var modifier = unsafe VkPhysicalDeviceImageDrmFormatModifierInfoEXT()
    unsafe modifier.sType =
      VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_IMAGE_DRM_FORMAT_MODIFIER_INFO_EXT
    var external = unsafe VkPhysicalDeviceExternalImageFormatInfo(
      sType: VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_EXTERNAL_IMAGE_FORMAT_INFO, pNext: nil,
      handleType: VkExternalMemoryHandleTypeFlagBits(handleType ?? 0))
    var answer = unsafe VkExternalImageFormatProperties()
    unsafe answer.sType = VK_STRUCTURE_TYPE_EXTERNAL_IMAGE_FORMAT_PROPERTIES
    var most = VkExtent3D()
    let result = unsafe withUnsafeMutablePointer(to: &modifier) { modifier in
      unsafe withUnsafeMutablePointer(to: &external) { external in
        unsafe withUnsafeMutablePointer(to: &answer) { answer in
          unsafe external.pointee.pNext = isPitchFree ? UnsafeRawPointer(modifier) : nil
          var info = unsafe VkPhysicalDeviceImageFormatInfo2()
          unsafe info.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_IMAGE_FORMAT_INFO_2
          unsafe info.pNext =
            handleType != nil
            ? UnsafeRawPointer(external) : isPitchFree ? UnsafeRawPointer(modifier) : nil
          unsafe info.format = format
          unsafe info.type = VK_IMAGE_TYPE_2D
          unsafe info.tiling =
            isPitchFree ? VK_IMAGE_TILING_DRM_FORMAT_MODIFIER_EXT : VK_IMAGE_TILING_LINEAR
          unsafe info.usage = LinearImages.usage
          unsafe info.flags = flags
          var properties = unsafe VkImageFormatProperties2()
          unsafe properties.sType = VK_STRUCTURE_TYPE_IMAGE_FORMAT_PROPERTIES_2
          unsafe properties.pNext = handleType == nil ? nil : UnsafeMutableRawPointer(answer)
          defer { most = unsafe properties.imageFormatProperties.maxExtent }
          return unsafe connection.physical.instance.functions.getImageFormatProperties(
            connection.physical.handle, &info, &properties)
        }
      }
    }
    guard result == VK_SUCCESS else { return nil }
    let features = unsafe answer.externalMemoryProperties.externalMemoryFeatures
    let wanted =
      handleType == DeviceMemory.exportedType
      ? VK_EXTERNAL_MEMORY_FEATURE_EXPORTABLE_BIT : VK_EXTERNAL_MEMORY_FEATURE_IMPORTABLE_BIT
    largest = ImageSize(width: Int(most.width), height: Int(most.height))
    takesMemory =
      handleType == nil
      || features & wanted.rawValue != 0
        && features & VK_EXTERNAL_MEMORY_FEATURE_DEDICATED_ONLY_BIT.rawValue == 0
  }
}

extension VulkanConnection {
  /// What linear images of a format can be used for; nothing where there are none.
  ///
  /// - Parameter count: Of planes, in images of which the caller says how far rows are apart; nil where the driver
  ///   says.
  func linearFeatures(of format: VkFormat, explicitPlanes count: Int? = nil) -> UInt32 {
    let functions = physical.instance.functions
    var properties = unsafe VkFormatProperties2()
    unsafe properties.sType = VK_STRUCTURE_TYPE_FORMAT_PROPERTIES_2
    guard let count else {
      unsafe functions.getFormatProperties(physical.handle, format, &properties)
      return unsafe properties.formatProperties.linearTilingFeatures
    }
    guard extensions.contains("VK_EXT_image_drm_format_modifier") else { return 0 }
    var modifiers = [VkDrmFormatModifierPropertiesEXT](repeating: .init(), count: 128)
    return unsafe modifiers.withUnsafeMutableBufferPointer { modifiers in
      var list = unsafe VkDrmFormatModifierPropertiesListEXT(
        sType: VK_STRUCTURE_TYPE_DRM_FORMAT_MODIFIER_PROPERTIES_LIST_EXT, pNext: nil,
        drmFormatModifierCount: UInt32(modifiers.count),
        pDrmFormatModifierProperties: modifiers.baseAddress)
      unsafe withUnsafeMutablePointer(to: &list) {
        unsafe properties.pNext = UnsafeMutableRawPointer($0)
        unsafe functions.getFormatProperties(physical.handle, format, &properties)
      }
      return unsafe modifiers.prefix(Int(list.drmFormatModifierCount)).first {
        $0.drmFormatModifier == 0 && $0.drmFormatModifierPlaneCount == count
      }?.drmFormatModifierTilingFeatures ?? 0
    }
  }
}

extension ImageSize {
  func fits(in most: ImageSize) -> Bool { width <= most.width && height <= most.height }
}

import CVulkan
import Synchronization

@testable import TexAllocVulkan

/// What ``TroubledDriver`` says of `VK_EXT_image_drm_format_modifier`: the software device makes images at explicit
/// pitches, but does not say so. Of each format there is a modifier of some vendor's, and, where it is told so, the
/// linear one.
enum FeignedModifiers {
  static let name = "VK_EXT_image_drm_format_modifier"
  private static let vendors: UInt64 = 3 << 56 | 1

  static let formatProperties: PFN_vkGetPhysicalDeviceFormatProperties2 =
    { device, format, properties in
      let real = unsafe TroubledDriver.real(
        "vkGetPhysicalDeviceFormatProperties2", as: PFN_vkGetPhysicalDeviceFormatProperties2.self)
      guard TroubledDriver.feignsModifiers.load(ordering: .relaxed) else {
        return unsafe real(device, format, properties)
      }
      let next = unsafe properties?.pointee.pNext
      unsafe properties?.pointee.pNext = nil
      unsafe real(device, format, properties)
      unsafe properties?.pointee.pNext = unsafe next
      if !TroubledDriver.hasLinearTiling.load(ordering: .relaxed) {
        unsafe properties?.pointee.formatProperties.linearTilingFeatures = 0
      }
      // The library asks for nothing else with it.
      guard let features = unsafe properties?.pointee.formatProperties,
        let list = unsafe next?.assumingMemoryBound(to: VkDrmFormatModifierPropertiesListEXT.self)
      else { return }
      var modifiers = [
        VkDrmFormatModifierPropertiesEXT(
          drmFormatModifier: vendors, drmFormatModifierPlaneCount: 1,
          drmFormatModifierTilingFeatures: features.optimalTilingFeatures)
      ]
      if TroubledDriver.hasLinearModifier.load(ordering: .relaxed) {
        let isInOne = !TroubledDriver.hasDisjointModifier.load(ordering: .relaxed)
        modifiers.append(
          VkDrmFormatModifierPropertiesEXT(
            drmFormatModifier: 0, drmFormatModifierPlaneCount: planeCount(of: format),
            drmFormatModifierTilingFeatures: features.linearTilingFeatures
              & ~(isInOne ? VK_FORMAT_FEATURE_DISJOINT_BIT.rawValue : 0)))
      }
      for (index, modifier) in modifiers.enumerated() {
        unsafe list.pointee.pDrmFormatModifierProperties?[index] = modifier
      }
      unsafe list.pointee.drmFormatModifierCount = UInt32(modifiers.count)
    }

  static func planeCount(of format: VkFormat) -> UInt32 {
    switch format {
    case VK_FORMAT_G8_B8R8_2PLANE_420_UNORM, VK_FORMAT_G8_B8R8_2PLANE_422_UNORM,
      VK_FORMAT_G10X6_B10X6R10X6_2PLANE_420_UNORM_3PACK16:
      2
    case VK_FORMAT_G8_B8_R8_3PLANE_420_UNORM, VK_FORMAT_G8_B8_R8_3PLANE_422_UNORM,
      VK_FORMAT_G8_B8_R8_3PLANE_444_UNORM:
      3
    default: 1
    }
  }

  /// Asks about linear images where those of the linear modifier are asked about.
  ///
  /// - Returns: Whether there are such images at all.
  @unsafe static func translate(_ info: inout VkPhysicalDeviceImageFormatInfo2) -> Bool {
    guard unsafe info.tiling == VK_IMAGE_TILING_DRM_FORMAT_MODIFIER_EXT else { return true }
    unsafe info.tiling = VK_IMAGE_TILING_LINEAR
    let next = unsafe info.pNext?.assumingMemoryBound(to: VkBaseInStructure.self).pointee
    let isOthers =
      unsafe next?.sType == VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_EXTERNAL_IMAGE_FORMAT_INFO
    let isOnePlane = unsafe planeCount(of: info.format) == 1
    return !isOthers || isOnePlane
      || TroubledDriver.modifiersTakeMemory.load(ordering: .relaxed)
  }
}

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
      let next = unsafe properties?.pointee.pNext
      unsafe properties?.pointee.pNext = nil
      unsafe TroubledDriver.real(
        "vkGetPhysicalDeviceFormatProperties2", as: PFN_vkGetPhysicalDeviceFormatProperties2.self)(
          device, format, properties)
      unsafe properties?.pointee.pNext = unsafe next
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
        modifiers.append(
          VkDrmFormatModifierPropertiesEXT(
            drmFormatModifier: 0, drmFormatModifierPlaneCount: 1,
            drmFormatModifierTilingFeatures: features.linearTilingFeatures))
      }
      for (index, modifier) in modifiers.enumerated() {
        unsafe list.pointee.pDrmFormatModifierProperties?[index] = modifier
      }
      unsafe list.pointee.drmFormatModifierCount = UInt32(modifiers.count)
    }

  /// Asks about linear images where those of the linear modifier are asked about.
  @unsafe static func translate(_ info: inout VkPhysicalDeviceImageFormatInfo2) {
    if unsafe info.tiling == VK_IMAGE_TILING_DRM_FORMAT_MODIFIER_EXT {
      unsafe info.tiling = VK_IMAGE_TILING_LINEAR
    }
  }
}

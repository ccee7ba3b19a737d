internal import CVulkan

/// How an image of luma and chroma comes by its memory.
struct ConvertedBinding: Hashable, Sendable {
  /// Whether the image says how far rows are apart, by a modifier; else the driver says.
  let isPitchFree: Bool
  /// Whether each plane is bound by itself, so that planes may lie in several memories; else all are together.
  let isApart: Bool

  var flags: UInt32 { isApart ? VK_IMAGE_CREATE_DISJOINT_BIT.rawValue : 0 }

  /// What a plane is called where it is asked about and bound.
  func aspect(ofPlane plane: Int) -> UInt32 {
    let first =
      isPitchFree ? VK_IMAGE_ASPECT_MEMORY_PLANE_0_BIT_EXT : VK_IMAGE_ASPECT_PLANE_0_BIT
    return first.rawValue << UInt32(plane)
  }
}

extension ConvertedBinding {
  /// How images of luma and chroma are bound at best, wherever chroma lies; nil where the device samples none.
  init?(sampling conversion: Conversion, on connection: VulkanConnection) {
    let sampled = VK_FORMAT_FEATURE_SAMPLED_IMAGE_BIT.rawValue
    let apart = VK_FORMAT_FEATURE_DISJOINT_BIT.rawValue
    let (format, count) = (conversion.vulkan, conversion.planeCount)
    if connection.linearFeatures(of: format, explicitPlanes: count) & sampled != 0 {
      self.init(isPitchFree: true, isApart: false)
    } else if connection.linearFeatures(of: format) & (sampled | apart) == sampled | apart {
      self.init(isPitchFree: false, isApart: true)
    } else {
      return nil
    }
  }
}

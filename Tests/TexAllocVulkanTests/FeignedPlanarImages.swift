import CVulkan
import Synchronization

/// Images of several planes of the linear modifier, which the software device does not make: ``TroubledDriver`` makes
/// linear ones in their place, binds their planes where they are to be, and tells how they were to lie. They show
/// what was written where the pitches are the driver's own.
enum FeignedPlanarImages {
  /// One that was asked for.
  struct Wanted: Equatable {
    let flags: UInt32
    let offsets, pitches: [Int]
  }

  static let wanted = Mutex<[Wanted]>([])
  /// What each of their planes has room for and their memory begins at a multiple of; as the software device
  /// wants it where 0.
  static let offsetAlignment = Atomic(0)
  /// Those that are alive, or were, by their handles.
  private static let offsets = Mutex<[UInt: [Int]]>([:])

  @unsafe static func function(_ name: String) -> PFN_vkVoidFunction? {
    switch name {
    case "vkBindImageMemory": unsafe unsafeBitCast(bind, to: PFN_vkVoidFunction.self)
    case "vkBindImageMemory2": unsafe unsafeBitCast(bindPlanes, to: PFN_vkVoidFunction.self)
    case "vkGetImageMemoryRequirements":
      unsafe unsafeBitCast(wholeRequirements, to: PFN_vkVoidFunction.self)
    case "vkGetImageMemoryRequirements2":
      unsafe unsafeBitCast(requirements, to: PFN_vkVoidFunction.self)
    default: nil
    }
  }

  /// Makes an image by a function of the driver's, a linear one in place of one that it lacks.
  @unsafe static func create(
    _ info: UnsafePointer<VkImageCreateInfo>?, _ image: UnsafeMutablePointer<VkImage?>?,
    by real: (UnsafePointer<VkImageCreateInfo>?) -> VkResult
  ) -> VkResult {
    guard var own = unsafe info?.pointee,
      unsafe own.tiling == VK_IMAGE_TILING_DRM_FORMAT_MODIFIER_EXT,
      let next = unsafe own.pNext,
      FeignedModifiers.planeCount(of: unsafe own.format) > 1
    else {
      let result = unsafe real(info)
      // A handle may be one that another image had.
      if let made = unsafe image?.pointee {
        offsets.withLock { $0[UInt(bitPattern: made)] = nil }
      }
      return result
    }
    let explicit = unsafe next.assumingMemoryBound(
      to: VkImageDrmFormatModifierExplicitCreateInfoEXT.self
    ).pointee
    let planes = unsafe UnsafeBufferPointer(
      start: explicit.pPlaneLayouts, count: Int(explicit.drmFormatModifierPlaneCount))
    let places = unsafe planes.map { Int($0.offset) }
    let pitches = unsafe planes.map { Int($0.rowPitch) }
    let flags = unsafe own.flags
    wanted.withLock { $0.append(Wanted(flags: flags, offsets: places, pitches: pitches)) }
    unsafe own.tiling = VK_IMAGE_TILING_LINEAR
    unsafe own.pNext = explicit.pNext
    unsafe own.flags |= VK_IMAGE_CREATE_DISJOINT_BIT.rawValue
    let result = unsafe real(&own)
    if let made = unsafe image?.pointee {
      offsets.withLock { $0[UInt(bitPattern: made)] = places }
    }
    return result
  }

  /// The aspect that the software device has in place of one of a modifier's.
  @unsafe static func aspect(_ aspect: UInt32, of image: VkImage?) -> UInt32 {
    guard let image = unsafe image,
      offsets.withLock({ $0[UInt(bitPattern: image)] }) != nil
    else { return aspect }
    return own(aspect)
  }

  private static func own(_ aspect: UInt32) -> UInt32 {
    aspect < VK_IMAGE_ASPECT_MEMORY_PLANE_0_BIT_EXT.rawValue ? aspect : aspect >> 3
  }

  private static let wholeRequirements: PFN_vkGetImageMemoryRequirements = { device, image, needs in
    unsafe TroubledDriver.real(
      "vkGetImageMemoryRequirements", as: PFN_vkGetImageMemoryRequirements.self)(
        device, image, needs)
    let alignment = VkDeviceSize(offsetAlignment.load(ordering: .relaxed))
    guard alignment > 0, let image = unsafe image,
      let planes = offsets.withLock({ $0[UInt(bitPattern: image)] })
    else { return }
    unsafe needs?.pointee.alignment = alignment
    // Each plane is padded, too; those of tests are small.
    unsafe needs?.pointee.size = alignment * VkDeviceSize(planes.count)
  }

  private static let requirements: PFN_vkGetImageMemoryRequirements2 = { device, info, needs in
    let real = unsafe TroubledDriver.real(
      "vkGetImageMemoryRequirements2", as: PFN_vkGetImageMemoryRequirements2.self)
    guard var asked = unsafe info?.pointee,
      var plane = unsafe asked.pNext?.assumingMemoryBound(
        to: VkImagePlaneMemoryRequirementsInfo.self
      ).pointee
    else { return unsafe real(device, info, needs) }
    unsafe plane.planeAspect = VkImageAspectFlagBits(own(plane.planeAspect.rawValue))
    unsafe withUnsafePointer(to: &plane) {
      unsafe asked.pNext = UnsafeRawPointer($0)
      unsafe real(device, &asked, needs)
    }
  }

  private static let bindPlanes: PFN_vkBindImageMemory2 = { device, count, infos in
    let real = unsafe TroubledDriver.real("vkBindImageMemory2", as: PFN_vkBindImageMemory2.self)
    for index in 0..<Int(count) {
      guard var info = unsafe infos?[index],
        var plane = unsafe info.pNext?.assumingMemoryBound(to: VkBindImagePlaneMemoryInfo.self)
          .pointee
      else { return VK_ERROR_UNKNOWN }
      unsafe plane.planeAspect = VkImageAspectFlagBits(own(plane.planeAspect.rawValue))
      let result = unsafe withUnsafePointer(to: &plane) {
        unsafe info.pNext = UnsafeRawPointer($0)
        return unsafe real(device, 1, &info)
      }
      if result != VK_SUCCESS { return result }
    }
    return VK_SUCCESS
  }

  private static let bind: PFN_vkBindImageMemory = { device, image, memory, start in
    let places = unsafe image.flatMap { image in
      offsets.withLock { $0[UInt(bitPattern: image)] }
    }
    guard let places else {
      return unsafe TroubledDriver.real("vkBindImageMemory", as: PFN_vkBindImageMemory.self)(
        device, image, memory, start)
    }
    for (plane, offset) in places.enumerated() {
      var part = unsafe VkBindImagePlaneMemoryInfo(
        sType: VK_STRUCTURE_TYPE_BIND_IMAGE_PLANE_MEMORY_INFO, pNext: nil,
        planeAspect: VkImageAspectFlagBits(VK_IMAGE_ASPECT_PLANE_0_BIT.rawValue << UInt32(plane)))
      let result = unsafe withUnsafePointer(to: &part) { part in
        var info = unsafe VkBindImageMemoryInfo(
          sType: VK_STRUCTURE_TYPE_BIND_IMAGE_MEMORY_INFO, pNext: part, image: image,
          memory: memory, memoryOffset: start + VkDeviceSize(offset))
        return unsafe bindOne(device, &info)
      }
      if result != VK_SUCCESS { return result }
    }
    return VK_SUCCESS
  }

  @unsafe private static func bindOne(
    _ device: VkDevice?, _ info: inout VkBindImageMemoryInfo
  ) -> VkResult {
    unsafe TroubledDriver.real("vkBindImageMemory2", as: PFN_vkBindImageMemory2.self)(
      device, 1, &info)
  }
}

internal import CVulkan
internal import Synchronization
internal import TexAlloc

/// An open device and its queue: what everything that is made on it keeps alive.
@safe final class VulkanConnection: @unchecked Sendable {  // handles, which never change
  let physical: PhysicalDevice
  let device: VkDevice
  let functions: DeviceFunctions
  /// Those that are enabled.
  let extensions: Set<String>
  /// Whether it was made with the feature `samplerYcbcrConversion`.
  let convertsLumaAndChroma: Bool
  let queueFamily: UInt32
  let loss = DeviceLoss()
  let queue: VkQueue
  let lock: @Sendable (() -> Void) -> Void
  /// Whether it goes with us.
  let isOwn: Bool

  var description: VulkanDeviceDescription { physical.description }

  /// What is enabled where the driver has it.
  private static let wantedExtensions = [
    "VK_EXT_external_memory_dma_buf", "VK_EXT_external_memory_host",
    "VK_EXT_image_drm_format_modifier", "VK_EXT_memory_budget", "VK_EXT_queue_family_foreign",
    "VK_KHR_external_memory_fd", "VK_KHR_external_semaphore_fd",
  ]

  /// Opens a device.
  ///
  /// - Parameter hidden: Extensions that are not enabled, though it has them.
  /// - Throws: `VulkanFailure`, unsupported where it lacks what the library needs.
  init(
    opening physical: PhysicalDevice, without hidden: Set<String> = []
  ) throws(VulkanFailure) {
    let instance = physical.instance.functions
    let convertsLumaAndChroma = try Self.features(of: physical)
    let family = try Self.queueFamily(of: physical)
    let wanted = Self.wantedExtensions.filter {
      physical.description.extensions.contains($0) && !hidden.contains($0)
    }
    var device: VkDevice?
    let result = unsafe withCStrings(wanted) { names in
      var priority: Float = 1
      return unsafe withUnsafePointer(to: &priority) { priority in
        var queue = unsafe VkDeviceQueueCreateInfo(
          sType: VK_STRUCTURE_TYPE_DEVICE_QUEUE_CREATE_INFO, pNext: nil, flags: 0,
          queueFamilyIndex: family, queueCount: 1, pQueuePriorities: priority)
        var conversion = unsafe VkPhysicalDeviceSamplerYcbcrConversionFeatures(
          sType: VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_SAMPLER_YCBCR_CONVERSION_FEATURES, pNext: nil,
          samplerYcbcrConversion: convertsLumaAndChroma ? 1 : 0)
        var timelines = unsafe VkPhysicalDeviceTimelineSemaphoreFeatures(
          sType: VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_TIMELINE_SEMAPHORE_FEATURES, pNext: nil,
          timelineSemaphore: 1)
        return unsafe withUnsafeMutablePointers(&timelines, &conversion) { timelines, conversion in
          unsafe timelines.pointee.pNext = UnsafeMutableRawPointer(conversion)
          return
            unsafe withUnsafePointer(to: &queue) { queue in
              var info = unsafe VkDeviceCreateInfo()
              unsafe info.sType = VK_STRUCTURE_TYPE_DEVICE_CREATE_INFO
              unsafe info.pNext = UnsafeRawPointer(timelines)
              unsafe info.queueCreateInfoCount = 1
              unsafe info.pQueueCreateInfos = queue
              unsafe info.enabledExtensionCount = UInt32(names.count)
              unsafe info.ppEnabledExtensionNames = names.baseAddress
              return unsafe instance.createDevice(physical.handle, &info, nil, &device)
            }
        }
      }
    }
    try expectSuccess("vkCreateDevice", result)
    guard let device = unsafe device else { throw .failed("vkCreateDevice", "no handle") }
    let own: DeviceFunctions
    do throws(VulkanFailure) {
      own = try unsafe DeviceFunctions(instance.getDeviceProcAddr, of: device)
    } catch {
      if let destroy = unsafe instance.getDeviceProcAddr(device, "vkDestroyDevice") {
        unsafe unsafeBitCast(destroy, to: PFN_vkDestroyDevice.self)(device, nil)
      }
      throw error
    }
    var queue: VkQueue?
    unsafe own.getQueue(device, family, 0, &queue)
    guard let queue = unsafe queue else {
      unsafe own.destroyDevice(device, nil)
      throw .failed("vkGetDeviceQueue", "no handle")
    }
    self.physical = physical
    unsafe self.device = device
    unsafe self.queue = queue
    self.functions = own
    extensions = Set(wanted)
    self.convertsLumaAndChroma = convertsLumaAndChroma
    queueFamily = family
    isOwn = true
    let mutex = SharedMutex()
    lock = { use in mutex.withLock(use) }
  }

  /// Takes a toolkit's.
  init(
    over toolkit: VulkanToolkitDevice, by loader: VulkanLoader
  ) throws(VulkanFailure) {
    let instance = try unsafe VulkanInstance(toolkit.instance, by: loader)
    let physical = try unsafe PhysicalDevice(toolkit.physicalDevice, at: 0, of: instance)
    if try !Self.features(of: physical), toolkit.convertsLumaAndChroma {
      throw .unsupported("samplerYcbcrConversion", "\(physical.description.name) lacks it")
    }
    try Self.check(toolkit.queueFamily, of: physical)
    self.physical = physical
    unsafe device = toolkit.device
    unsafe queue = toolkit.queue
    functions = try unsafe DeviceFunctions(
      instance.functions.getDeviceProcAddr, of: toolkit.device)
    extensions = toolkit.extensions
    convertsLumaAndChroma = toolkit.convertsLumaAndChroma
    queueFamily = toolkit.queueFamily
    lock = toolkit.lock
    isOwn = false
  }

  deinit { if isOwn { unsafe functions.destroyDevice(device, nil) } }

  /// - Throws: What a call answered, unless that is success. A device that is lost is noted.
  func check(_ operation: String, _ result: VkResult) throws(VulkanFailure) {
    if result == VK_ERROR_DEVICE_LOST { loss.happen() }
    guard result == VK_SUCCESS else { throw VulkanFailure(operation, result) }
  }

  /// Uses the queue while nobody else does.
  func withQueue(_ use: (VkQueue) -> VkResult) -> VkResult {
    var result = VK_SUCCESS
    lock { result = unsafe use(queue) }
    return result
  }

  /// - Returns: Whether it can convert luma and chroma.
  /// - Throws: `VulkanFailure`, unsupported where it lacks what the library needs.
  private static func features(of physical: PhysicalDevice) throws(VulkanFailure) -> Bool {
    let version = physical.description.version.split(separator: ".").compactMap { Int($0) }
    guard version.count > 1, (version[0], version[1]) >= (1, 2) else {
      throw .unsupported("Vulkan 1.2", "the device has \(physical.description.version)")
    }
    var timelines = unsafe VkPhysicalDeviceTimelineSemaphoreFeatures()
    unsafe timelines.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_TIMELINE_SEMAPHORE_FEATURES
    var conversion = unsafe VkPhysicalDeviceSamplerYcbcrConversionFeatures()
    unsafe conversion.sType =
      VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_SAMPLER_YCBCR_CONVERSION_FEATURES
    var features = unsafe VkPhysicalDeviceFeatures2()
    unsafe features.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_FEATURES_2
    unsafe withUnsafeMutablePointers(&timelines, &conversion) { timelines, conversion in
      unsafe timelines.pointee.pNext = UnsafeMutableRawPointer(conversion)
      unsafe features.pNext = UnsafeMutableRawPointer(timelines)
      unsafe physical.instance.functions.getFeatures(physical.handle, &features)
    }
    guard unsafe timelines.timelineSemaphore != 0 else {
      throw .unsupported("timelineSemaphore", "\(physical.description.name) lacks it")
    }
    return unsafe conversion.samplerYcbcrConversion != 0
  }

  /// Whether each family of queues draws and computes.
  private static func queueFamilies(of physical: PhysicalDevice) -> [Bool] {
    var count: UInt32 = 0
    unsafe physical.instance.functions.getQueueFamilies(physical.handle, &count, nil)
    var families = [VkQueueFamilyProperties](repeating: .init(), count: Int(count))
    unsafe physical.instance.functions.getQueueFamilies(physical.handle, &count, &families)
    let wanted = VK_QUEUE_GRAPHICS_BIT.rawValue | VK_QUEUE_COMPUTE_BIT.rawValue
    return families.map { $0.queueFlags & wanted == wanted }
  }

  /// - Throws: `VulkanFailure`, unsupported where a toolkit's queues are of no such family.
  private static func check(_ family: UInt32, of physical: PhysicalDevice) throws(VulkanFailure) {
    let families = queueFamilies(of: physical)
    guard Int(family) < families.count else {
      throw .unsupported("queueFamily", "\(family) of \(families.count)")
    }
    guard families[Int(family)] else {
      throw .unsupported("queueFamily", "queues of family \(family) do not draw and compute")
    }
  }

  /// The first family of queues that draws and computes.
  private static func queueFamily(of physical: PhysicalDevice) throws(VulkanFailure) -> UInt32 {
    guard let family = queueFamilies(of: physical).firstIndex(of: true) else {
      throw .unsupported("VkQueueFamilyProperties", "no queue draws and computes")
    }
    return UInt32(family)
  }
}

/// Two structures of a chain.
@unsafe func withUnsafeMutablePointers<First, Second, Result>(
  _ first: inout First, _ second: inout Second,
  _ body: (UnsafeMutablePointer<First>, UnsafeMutablePointer<Second>) -> Result
) -> Result {
  unsafe withUnsafeMutablePointer(to: &first) { first in
    unsafe withUnsafeMutablePointer(to: &second) { unsafe body(first, $0) }
  }
}

/// A lock that closures share.
private final class SharedMutex: Sendable {
  private let mutex = Mutex(())

  func withLock(_ body: () -> Void) { mutex.withLock { _ in body() } }
}

/// Whether a device is lost: what its fences, its memory and the device itself have in common.
final class DeviceLoss: Sendable {
  private let happened = Atomic(false)

  var hasHappened: Bool { happened.load(ordering: .acquiring) }
  func happen() { happened.store(true, ordering: .releasing) }
}

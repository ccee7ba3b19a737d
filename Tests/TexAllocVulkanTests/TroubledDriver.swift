import CVulkan
import Synchronization
import XCTest

@testable import TexAllocVulkan

/// A driver that can be told to lose its device, to have no memory for submissions, or to say that none of
/// its memory is coherent, how much is left, how large images may be or how their rows lie; and that tells what it was called for. One test at a time uses
/// it.
enum TroubledDriver {
  static let losesDevice = Atomic(false)
  static let isShortOfMemory = Atomic(false)
  static let isCoherent = Atomic(true)
  /// Bytes that were flushed, from the start of the memory.
  static let flushed = Mutex<[Range<Int>]>([])

  /// Bytes that it says are left; its own answer where negative.
  static let budget = Atomic(-1)
  /// Bytes by which rows of the planes of one image are further apart than its own answer.
  static let surplusPitch = Atomic(0)
  /// Pixels across, and down, of the largest linear images; its own answer where 0.
  static let largestSize = Atomic(0)
  /// Whether it says that it can convert luma and chroma, where it can.
  static let converts = Atomic(true)

  /// Memory, images and buffers that were made and that went, by the names of the functions.
  static let calls = Mutex<[String]>([])
  /// Done in the middle of `vkCreateImage`.
  static let whileCreatingImages = Mutex<(@Sendable () -> Void)?>(nil)
  /// Done once, in the middle of `vkDestroySemaphore`, where it feigns sync files.
  static let whileDestroyingSemaphores = Mutex<(@Sendable () -> Void)?>(nil)
  /// Done once, at the end of `vkWaitSemaphores`, where it feigns sync files.
  static let afterWaiting = Mutex<(@Sendable () -> Void)?>(nil)

  /// Whether it says that it has sync files, which it only counts. Its own queue waits for none.
  static let feignsSyncFiles = Atomic(false)
  /// Whether it then has semaphores for other APIs of the GPU, too, of which it gives a descriptor of nothing.
  static let givesSemaphores = Atomic(false)
  /// Whether it then says that its queue is done with nothing, to all but those who wait.
  static let isSlow = Atomic(false)
  /// Whether it says that the caller may choose how far rows are apart, as is true of the software device.
  static let feignsModifiers = Atomic(false)
  /// Whether a linear layout is among those that it then says it has.
  static let hasLinearModifier = Atomic(true)
  /// Whether it then has linear images at its own pitches, too.
  static let hasLinearTiling = Atomic(true)
  /// Whether planes of images of the linear modifier may then lie in several memories.
  static let hasDisjointModifier = Atomic(true)
  /// Whether memory of others then does for images of the linear modifier that have several planes.
  static let modifiersTakeMemory = Atomic(true)

  static func count(of name: String) -> Int { calls.withLock { $0.count { $0 == name } } }

  /// The functions that ours stand before.
  private static let functions = Mutex<[String: DriverFunction]>([:])

  /// The loader of the machine, with this driver behind it.
  static func loader() throws -> VulkanLoader {
    losesDevice.store(false, ordering: .relaxed)
    isShortOfMemory.store(false, ordering: .relaxed)
    isCoherent.store(true, ordering: .relaxed)
    budget.store(-1, ordering: .relaxed)
    surplusPitch.store(0, ordering: .relaxed)
    largestSize.store(0, ordering: .relaxed)
    converts.store(true, ordering: .relaxed)
    feignsSyncFiles.store(false, ordering: .relaxed)
    givesSemaphores.store(false, ordering: .relaxed)
    isSlow.store(false, ordering: .relaxed)
    feignsModifiers.store(false, ordering: .relaxed)
    hasLinearModifier.store(true, ordering: .relaxed)
    hasLinearTiling.store(true, ordering: .relaxed)
    hasDisjointModifier.store(true, ordering: .relaxed)
    modifiersTakeMemory.store(true, ordering: .relaxed)
    flushed.withLock { $0 = [] }
    calls.withLock { $0 = [] }
    FeignedPlanarImages.wanted.withLock { $0 = [] }
    FeignedPlanarImages.offsetAlignment.store(0, ordering: .relaxed)
    whileCreatingImages.withLock { $0 = nil }
    whileDestroyingSemaphores.withLock { $0 = nil }
    afterWaiting.withLock { $0 = nil }
    do { _ = try VulkanLoader.installed() } catch { throw XCTSkip("\(error)") }
    return unsafe VulkanLoader { instance, name in
      guard let name = unsafe name,
        let real = unsafe try? VulkanLoader.installed().getInstanceProcAddr(instance, name)
      else { return nil }
      return unsafe TroubledDriver.function(String(cString: name), before: real)
    }
  }

  /// Ours, where there is one.
  @unsafe static func function(
    _ name: String, before real: @escaping PFN_vkVoidFunction
  ) -> PFN_vkVoidFunction {
    let ours: PFN_vkVoidFunction? =
      switch name {
      case "vkGetDeviceProcAddr":
        unsafe unsafeBitCast(deviceFunction, to: PFN_vkVoidFunction.self)
      case "vkGetPhysicalDeviceMemoryProperties2":
        unsafe unsafeBitCast(memoryProperties, to: PFN_vkVoidFunction.self)
      case "vkGetPhysicalDeviceFeatures2":
        unsafe unsafeBitCast(features, to: PFN_vkVoidFunction.self)
      case "vkGetPhysicalDeviceImageFormatProperties2":
        unsafe unsafeBitCast(imageProperties, to: PFN_vkVoidFunction.self)
      case "vkGetImageSubresourceLayout":
        unsafe unsafeBitCast(subresourceLayout, to: PFN_vkVoidFunction.self)
      case "vkQueueSubmit": unsafe unsafeBitCast(submit, to: PFN_vkVoidFunction.self)
      case "vkAllocateMemory": unsafe unsafeBitCast(allocate, to: PFN_vkVoidFunction.self)
      case "vkFreeMemory": unsafe unsafeBitCast(free, to: PFN_vkVoidFunction.self)
      case "vkCreateImage": unsafe unsafeBitCast(createImage, to: PFN_vkVoidFunction.self)
      case "vkDestroyImage": unsafe unsafeBitCast(destroyImage, to: PFN_vkVoidFunction.self)
      case "vkFlushMappedMemoryRanges": unsafe unsafeBitCast(flush, to: PFN_vkVoidFunction.self)
      default: unsafe feignedFunction(name)
      }
    guard let ours = ours else { return real }
    functions.withLock { $0[name] = unsafe DriverFunction(real) }
    return ours
  }

  @unsafe private static func feignedFunction(_ name: String) -> PFN_vkVoidFunction? {
    if feignsSyncFiles.load(ordering: .relaxed),
      let function = unsafe FeignedSyncFiles.function(name)
    {
      return function
    }
    return unsafe FeignedPlanarImages.function(name) ?? FeignedExtensions.function(name)
  }

  @unsafe static func real<Function>(_ name: String, as type: Function.Type) -> Function {
    guard let function = functions.withLock({ $0[name] }) else {
      preconditionFailure("\(name) was never asked for")
    }
    return unsafe unsafeBitCast(function.pointer, to: Function.self)
  }

  private static let deviceFunction: PFN_vkGetDeviceProcAddr = { device, name in
    let get = unsafe real("vkGetDeviceProcAddr", as: PFN_vkGetDeviceProcAddr.self)
    guard let name = unsafe name else { return nil }
    guard let function = unsafe get(device, name) else {
      return unsafe feignedFunction(String(cString: name))
    }
    return unsafe TroubledDriver.function(String(cString: name), before: function)
  }

  private static let memoryProperties: PFN_vkGetPhysicalDeviceMemoryProperties2 =
    { device, properties in
      let get = unsafe real(
        "vkGetPhysicalDeviceMemoryProperties2",
        as: PFN_vkGetPhysicalDeviceMemoryProperties2.self)
      unsafe get(device, properties)
      let left = budget.load(ordering: .relaxed)
      if left >= 0, let next = unsafe properties?.pointee.pNext {
        // The library asks for nothing else with it.
        let budget = unsafe next.assumingMemoryBound(
          to: VkPhysicalDeviceMemoryBudgetPropertiesEXT.self)
        unsafe budget.pointee.heapBudget.0 = VkDeviceSize(left)
        unsafe budget.pointee.heapUsage.0 = 0
      }
      if isCoherent.load(ordering: .relaxed) { return }
      guard let all = unsafe properties else { return }
      // A tuple is as an array of its elements.
      unsafe withUnsafeMutableBytes(of: &all.pointee.memoryProperties.memoryTypes) { bytes in
        unsafe bytes.withMemoryRebound(to: VkMemoryType.self) { types in
          for index in types.indices {
            unsafe types[index].propertyFlags &= ~VK_MEMORY_PROPERTY_HOST_COHERENT_BIT.rawValue
          }
        }
      }
    }

  private static let features: PFN_vkGetPhysicalDeviceFeatures2 = { device, features in
    unsafe real("vkGetPhysicalDeviceFeatures2", as: PFN_vkGetPhysicalDeviceFeatures2.self)(
      device, features)
    if converts.load(ordering: .relaxed) { return }
    var next = unsafe features?.pointee.pNext
    while let part = unsafe next {
      let conversion = unsafe part.assumingMemoryBound(
        to: VkPhysicalDeviceSamplerYcbcrConversionFeatures.self)
      if unsafe conversion.pointee.sType
        == VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_SAMPLER_YCBCR_CONVERSION_FEATURES
      {
        unsafe conversion.pointee.samplerYcbcrConversion = 0
      }
      unsafe next = conversion.pointee.pNext
    }
  }

  private static let imageProperties: PFN_vkGetPhysicalDeviceImageFormatProperties2 =
    { device, info, properties in
      guard var asked = unsafe info?.pointee else { return VK_ERROR_FORMAT_NOT_SUPPORTED }
      if feignsModifiers.load(ordering: .relaxed), unsafe !FeignedModifiers.translate(&asked) {
        return VK_ERROR_FORMAT_NOT_SUPPORTED
      }
      let result = unsafe real(
        "vkGetPhysicalDeviceImageFormatProperties2",
        as: PFN_vkGetPhysicalDeviceImageFormatProperties2.self)(device, &asked, properties)
      let largest = UInt32(largestSize.load(ordering: .relaxed))
      if largest > 0, unsafe info?.pointee.tiling != VK_IMAGE_TILING_OPTIMAL {
        unsafe properties?.pointee.imageFormatProperties.maxExtent =
          VkExtent3D(width: largest, height: largest, depth: 1)
      }
      return result
    }

  private static let subresourceLayout: PFN_vkGetImageSubresourceLayout =
    { device, image, part, layout in
      var asked = unsafe part?.pointee ?? VkImageSubresource()
      asked.aspectMask = unsafe FeignedPlanarImages.aspect(asked.aspectMask, of: image)
      unsafe real("vkGetImageSubresourceLayout", as: PFN_vkGetImageSubresourceLayout.self)(
        device, image, &asked, layout)
      let planes = VK_IMAGE_ASPECT_PLANE_0_BIT.rawValue | VK_IMAGE_ASPECT_PLANE_1_BIT.rawValue
      if let aspects = unsafe part?.pointee.aspectMask, aspects & planes != 0 {
        let surplus = VkDeviceSize(surplusPitch.load(ordering: .relaxed))
        unsafe layout?.pointee.rowPitch += surplus
      }
    }

  private static let allocate: PFN_vkAllocateMemory = { device, info, allocator, memory in
    calls.withLock { $0.append("vkAllocateMemory") }
    return unsafe real("vkAllocateMemory", as: PFN_vkAllocateMemory.self)(
      device, info, allocator, memory)
  }

  private static let free: PFN_vkFreeMemory = { device, memory, allocator in
    calls.withLock { $0.append("vkFreeMemory") }
    unsafe real("vkFreeMemory", as: PFN_vkFreeMemory.self)(device, memory, allocator)
  }

  private static let createImage: PFN_vkCreateImage = { device, info, allocator, image in
    calls.withLock { $0.append("vkCreateImage") }
    let result = unsafe FeignedPlanarImages.create(info, image) { info in
      unsafe real("vkCreateImage", as: PFN_vkCreateImage.self)(device, info, allocator, image)
    }
    whileCreatingImages.withLock { $0 }?()
    return result
  }

  private static let destroyImage: PFN_vkDestroyImage = { device, image, allocator in
    calls.withLock { $0.append("vkDestroyImage") }
    unsafe real("vkDestroyImage", as: PFN_vkDestroyImage.self)(device, image, allocator)
  }

  private static let submit: PFN_vkQueueSubmit = { queue, count, infos, fence in
    if losesDevice.load(ordering: .relaxed) { return VK_ERROR_DEVICE_LOST }
    if isShortOfMemory.load(ordering: .relaxed) { return VK_ERROR_OUT_OF_DEVICE_MEMORY }
    if feignsSyncFiles.load(ordering: .relaxed), let info = unsafe infos?.pointee {
      return unsafe FeignedSyncFiles.submit(info, to: queue)
    }
    return unsafe real("vkQueueSubmit", as: PFN_vkQueueSubmit.self)(queue, count, infos, fence)
  }

  private static let flush: PFN_vkFlushMappedMemoryRanges = { device, count, ranges in
    for index in 0..<Int(count) {
      if let range = unsafe ranges?[index] {
        let start = unsafe Int(range.offset)
        let size = unsafe Int(range.size)
        flushed.withLock { $0.append(start..<start + size) }
      }
    }
    return unsafe real("vkFlushMappedMemoryRanges", as: PFN_vkFlushMappedMemoryRanges.self)(
      device, count, ranges)
  }
}

/// A function of the driver's.
@safe private struct DriverFunction: @unchecked Sendable {  // it never changes
  let pointer: PFN_vkVoidFunction

  @unsafe init(_ pointer: @escaping PFN_vkVoidFunction) { self.pointer = pointer }
}

public import CVulkan

/// A device of Vulkan that a toolkit has made, and the queue that it draws with.
///
/// Of Vulkan 1.2 and newer, with the feature `timelineSemaphore`. All of it lives longer than the
/// ``VulkanDevice`` that is made of it, or until ``VulkanDevice/close()`` has returned.
@safe public struct VulkanToolkitDevice: @unchecked Sendable {  // handles, which never change
  public let instance: VkInstance
  public let physicalDevice: VkPhysicalDevice
  public let device: VkDevice
  public let queue: VkQueue
  public let queueFamily: UInt32
  /// Those that the device was made with.
  public let extensions: Set<String>
  /// Whether it was made with the feature `samplerYcbcrConversion`.
  public let convertsLumaAndChroma: Bool
  /// Calls what it is given while nobody else uses the queue.
  public let lock: @Sendable (() -> Void) -> Void

  /// - Parameters:
  ///   - queue: Of a family that draws and computes. It is used within calls of ours only.
  ///   - extensions: Those that the device was made with. More routes are possible with
  ///     `VK_EXT_external_memory_host`, `VK_KHR_external_memory_fd`, `VK_EXT_external_memory_dma_buf`,
  ///     `VK_EXT_queue_family_foreign`, `VK_EXT_image_drm_format_modifier` and `VK_EXT_memory_budget`; sync
  ///     files, and the semaphores of ``VulkanDevice/shareFence()``, with `VK_KHR_external_semaphore_fd`.
  ///   - convertsLumaAndChroma: Whether it was made with the feature `samplerYcbcrConversion`: else there is no
  ///     ``VulkanTexture/converted()``.
  ///   - lock: Calls what it is given while nobody else uses the queue, with the lock that the toolkit
  ///     has for that. Whoever has that lock calls nothing of the ``VulkanDevice``.
  @unsafe public init(
    instance: VkInstance, physicalDevice: VkPhysicalDevice, device: VkDevice, queue: VkQueue,
    queueFamily: UInt32, extensions: Set<String>, convertsLumaAndChroma: Bool = false,
    lock: @escaping @Sendable (() -> Void) -> Void
  ) {
    unsafe self.instance = instance
    unsafe self.physicalDevice = physicalDevice
    unsafe self.device = device
    unsafe self.queue = queue
    self.queueFamily = queueFamily
    self.extensions = extensions
    self.convertsLumaAndChroma = convertsLumaAndChroma
    self.lock = lock
  }
}

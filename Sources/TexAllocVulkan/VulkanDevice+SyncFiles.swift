internal import CVulkan
internal import SystemPackage
public import TexAlloc

/// For those who order the work of several devices, or APIs, by themselves: [VK_KHR_external_semaphore_fd].
///
/// ```swift
/// try gpu.waitOnGPU(for: released)     // the display has let go of the buffer
/// submit(commands)
/// if let drawn = try gpu.exportFence() {
///   display.wait(for: drawn)           // IN_FENCE_FD
/// }                                    // nil: it is drawn already, and nobody needs to wait
/// ```
///
/// [VK_KHR_external_semaphore_fd]: https://registry.khronos.org/vulkan/specs/latest/man/html/VK_KHR_external_semaphore_fd.html
extension VulkanDevice {
  /// The end of everything that the queue was given so far, for other devices and processes; nil where that is
  /// over already.
  ///
  /// Whatever the queue waits for must have been submitted before, on whatever queue: Vulkan makes no sync file of
  /// what depends on a timeline semaphore's value that nobody has yet been told to signal.
  ///
  /// - Throws: `VulkanFailure`, unsupported where the driver gives no sync files.
  public func exportFence() throws(VulkanFailure) -> SyncFile? {
    try enter("exportFence")
    defer { leave() }
    guard connection.exportsSemaphores(by: VK_EXTERNAL_SEMAPHORE_HANDLE_TYPE_SYNC_FD_BIT) else {
      throw Self.noSyncFiles
    }
    guard let file = try exportEnd(by: VK_EXTERNAL_SEMAPHORE_HANDLE_TYPE_SYNC_FD_BIT).file else {
      return nil
    }
    do { return try SyncFile(owning: OwnedDescriptor(owning: file)) } catch {
      throw .failed("vkGetSemaphoreFdKHR", "\(error)")
    }
  }

  /// The end of everything that the queue was given so far, for another API of the same GPU: a device of OpenGL
  /// that samples what this one has written into memory of ``sharedHeaps``.
  ///
  /// The images are given back before: see ``VulkanTexture/takeReleaseBarriers()``. A driver without semaphores
  /// that others open gives a fence all the same, for which that API waits otherwise.
  ///
  /// - Throws: `VulkanFailure`.
  public func shareFence() throws(VulkanFailure) -> SharedFence {
    try enter("shareFence")
    defer { leave() }
    let opaque = VK_EXTERNAL_SEMAPHORE_HANDLE_TYPE_OPAQUE_FD_BIT
    let (device, driver) = (description.uuid, description.driverUUID)
    guard connection.exportsSemaphores(by: opaque) else {
      return SharedFence(try makeFence(), of: device, driver: driver, semaphore: nil) {
        [weak self] in try self?.exportFence()
      }
    }
    let (fence, file) = try exportEnd(by: opaque)
    let semaphore = file.map { OwnedDescriptor(owning: $0) }
    return SharedFence(fence, of: device, driver: driver, semaphore: semaphore) {
      [weak self] in try self?.exportFence()
    }
  }

  /// A descriptor, which nobody else closes, of a semaphore that is reached when the queue has done what it was given
  /// so far; nil where that is so already, and the kind of handle can say it.
  private func exportEnd(
    by handleType: VkExternalSemaphoreHandleTypeFlagBits
  ) throws(VulkanFailure) -> (fence: VulkanFence, file: FileDescriptor?) {
    guard let export = unsafe connection.functions.exportSemaphore else { throw Self.noSyncFiles }
    let semaphore = try BinarySemaphore(on: connection, exportedBy: handleType)
    let fence = try submit(semaphore) { () throws(VulkanFailure) in
      try work.fence(signalling: semaphore)
    }
    var info = unsafe VkSemaphoreGetFdInfoKHR(
      sType: VK_STRUCTURE_TYPE_SEMAPHORE_GET_FD_INFO_KHR, pNext: nil,
      semaphore: semaphore.semaphore, handleType: handleType)
    var raw: CInt = -1
    try connection.check("vkGetSemaphoreFdKHR", unsafe export(connection.device, &info, &raw))
    return (fence, raw == -1 ? nil : FileDescriptor(rawValue: raw))
  }

  /// Has everything that the queue is given from now on begin after the fence has passed. The CPU goes on.
  ///
  /// - Throws: `VulkanFailure`, unsupported where the driver takes no sync files.
  public func waitOnGPU(for fence: SyncFile) throws(VulkanFailure) {
    let own: OwnedDescriptor
    do { own = try fence.duplicate() } catch { throw .failed(error.operation, "\(error)") }
    try waitOnGPU(for: own)
  }

  /// - Parameter file: The driver's from now on.
  func waitOnGPU(for file: consuming OwnedDescriptor) throws(VulkanFailure) {
    try enter("waitOnGPU")
    defer { leave() }
    guard let take = unsafe connection.functions.importSemaphore,
      connection.hasSemaphores(
        by: VK_EXTERNAL_SEMAPHORE_HANDLE_TYPE_SYNC_FD_BIT,
        VK_EXTERNAL_SEMAPHORE_FEATURE_IMPORTABLE_BIT)
    else { throw Self.noSyncFiles }
    let semaphore = try BinarySemaphore(on: connection)
    var info = unsafe VkImportSemaphoreFdInfoKHR(
      sType: VK_STRUCTURE_TYPE_IMPORT_SEMAPHORE_FD_INFO_KHR, pNext: nil,
      semaphore: semaphore.semaphore, flags: VK_SEMAPHORE_IMPORT_TEMPORARY_BIT.rawValue,
      handleType: VK_EXTERNAL_SEMAPHORE_HANDLE_TYPE_SYNC_FD_BIT, fd: file.descriptor.rawValue)
    try connection.check("vkImportSemaphoreFdKHR", unsafe take(connection.device, &info))
    _ = file.release()
    try submit(semaphore) { () throws(VulkanFailure) in try work.fence(waitingFor: semaphore) }
  }

  /// The semaphore lives until the queue is done with it.
  @discardableResult
  private func submit(
    _ semaphore: BinarySemaphore, _ body: () throws(VulkanFailure) -> VulkanFence
  ) throws(VulkanFailure) -> VulkanFence {
    do {
      let fence = try body()
      hold(semaphore, until: fence)
      return fence
    } catch {
      noteLoss(error)
      throw error
    }
  }

  private static let noSyncFiles = VulkanFailure.unsupported(
    "VK_KHR_external_semaphore_fd", "the driver has no sync files")
}

extension VulkanConnection {
  /// Whether semaphores are given to others by a kind of handle.
  fileprivate func exportsSemaphores(by handleType: VkExternalSemaphoreHandleTypeFlagBits) -> Bool {
    unsafe functions.exportSemaphore != nil
      && hasSemaphores(by: handleType, VK_EXTERNAL_SEMAPHORE_FEATURE_EXPORTABLE_BIT)
  }

  fileprivate func hasSemaphores(
    by handleType: VkExternalSemaphoreHandleTypeFlagBits,
    _ feature: VkExternalSemaphoreFeatureFlagBits
  ) -> Bool {
    guard extensions.contains("VK_KHR_external_semaphore_fd") else { return false }
    var info = unsafe VkPhysicalDeviceExternalSemaphoreInfo()
    unsafe info.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_EXTERNAL_SEMAPHORE_INFO
    unsafe info.handleType = handleType
    var answer = unsafe VkExternalSemaphoreProperties()
    unsafe answer.sType = VK_STRUCTURE_TYPE_EXTERNAL_SEMAPHORE_PROPERTIES
    unsafe physical.instance.functions.getExternalSemaphoreProperties(
      physical.handle, &info, &answer)
    return unsafe answer.externalSemaphoreFeatures & feature.rawValue != 0
  }
}

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
    guard let (_, file) = try exportSyncFile() else { throw Self.noSyncFiles }
    return file
  }

  /// The end of everything that the queue was given so far, for another API of the same GPU: a device of OpenGL
  /// that samples what this one has written into memory of ``sharedHeaps``.
  ///
  /// Whoever writes that memory does it by an image or a buffer of its own that is bound there, and gives it to
  /// `VK_QUEUE_FAMILY_EXTERNAL` before, by a barrier of its own with the accesses that wrote. Those of textures are
  /// for what samples: see ``VulkanTexture/takeReleaseBarriers()``.
  ///
  /// A driver without semaphores that others open gives a sync file, or at least a fence on which the CPU waits. If
  /// there is a semaphore, and that API takes none, the first wait of its makes a sync file then, if the driver has
  /// them: it submits to the queue, under its lock, and passes after all that the queue was given until then.
  ///
  /// - Throws: `VulkanFailure`.
  public func shareFence() throws(VulkanFailure) -> SharedFence {
    try enter("shareFence")
    defer { leave() }
    let (device, driver) = (description.uuid, description.driverUUID)
    if let (fence, file) = try exportEnd(by: VK_EXTERNAL_SEMAPHORE_HANDLE_TYPE_OPAQUE_FD_BIT) {
      let semaphore = file.map { OwnedDescriptor(owning: $0) }
      return SharedFence(fence, of: device, driver: driver, semaphore: semaphore) {
        [weak self] in try self?.exportFence()
      }
    }
    if let (fence, file) = try exportSyncFile() {
      return SharedFence(fence, of: device, driver: driver, semaphore: nil) { file }
    }
    return SharedFence(try makeFence(), of: device, driver: driver, semaphore: nil) {
      throw Self.noSyncFiles
    }
  }

  /// As ``exportEnd(by:)``, a sync file.
  private func exportSyncFile() throws(VulkanFailure) -> (fence: VulkanFence, file: SyncFile?)? {
    guard let (fence, file) = try exportEnd(by: VK_EXTERNAL_SEMAPHORE_HANDLE_TYPE_SYNC_FD_BIT)
    else { return nil }
    do {
      return (fence, try file.map { try SyncFile(owning: OwnedDescriptor(owning: $0)) })
    } catch { throw .failed("vkGetSemaphoreFdKHR", "\(error)") }
  }

  /// A descriptor, which nobody else closes, of a semaphore that is reached when the queue has done what it was given
  /// so far; nil where that is so already, and the kind of handle can say it. Nothing at all where the driver gives none
  /// of the kind.
  private func exportEnd(
    by handleType: VkExternalSemaphoreHandleTypeFlagBits
  ) throws(VulkanFailure) -> (fence: VulkanFence, file: FileDescriptor?)? {
    guard let export = unsafe connection.functions.exportSemaphore,
      connection.hasSemaphores(by: handleType, VK_EXTERNAL_SEMAPHORE_FEATURE_EXPORTABLE_BIT)
    else { return nil }
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

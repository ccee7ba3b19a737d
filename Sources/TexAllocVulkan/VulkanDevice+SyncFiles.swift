internal import CVulkan
internal import SystemPackage
public import TexAlloc

/// For those who order the work of several devices by themselves: [VK_KHR_external_semaphore_fd].
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
    guard let export = unsafe connection.functions.exportSemaphore,
      connection.hasSyncFiles(VK_EXTERNAL_SEMAPHORE_FEATURE_EXPORTABLE_BIT)
    else { throw Self.noSyncFiles }
    let semaphore = try BinarySemaphore(on: connection, isExported: true)
    try submit(semaphore) { () throws(VulkanFailure) in try work.fence(signalling: semaphore) }
    var info = unsafe VkSemaphoreGetFdInfoKHR(
      sType: VK_STRUCTURE_TYPE_SEMAPHORE_GET_FD_INFO_KHR, pNext: nil,
      semaphore: semaphore.semaphore, handleType: VK_EXTERNAL_SEMAPHORE_HANDLE_TYPE_SYNC_FD_BIT)
    var raw: CInt = -1
    try connection.check("vkGetSemaphoreFdKHR", unsafe export(connection.device, &info, &raw))
    if raw == -1 { return nil }
    do {
      return try SyncFile(owning: OwnedDescriptor(owning: FileDescriptor(rawValue: raw)))
    } catch { throw .failed("vkGetSemaphoreFdKHR", "\(error)") }
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
      connection.hasSyncFiles(VK_EXTERNAL_SEMAPHORE_FEATURE_IMPORTABLE_BIT)
    else { throw Self.noSyncFiles }
    let semaphore = try BinarySemaphore(on: connection, isExported: false)
    var info = unsafe VkImportSemaphoreFdInfoKHR(
      sType: VK_STRUCTURE_TYPE_IMPORT_SEMAPHORE_FD_INFO_KHR, pNext: nil,
      semaphore: semaphore.semaphore, flags: VK_SEMAPHORE_IMPORT_TEMPORARY_BIT.rawValue,
      handleType: VK_EXTERNAL_SEMAPHORE_HANDLE_TYPE_SYNC_FD_BIT, fd: file.descriptor.rawValue)
    try connection.check("vkImportSemaphoreFdKHR", unsafe take(connection.device, &info))
    _ = file.release()
    try submit(semaphore) { () throws(VulkanFailure) in try work.fence(waitingFor: semaphore) }
  }

  /// The semaphore lives until the queue is done with it.
  private func submit(
    _ semaphore: BinarySemaphore, _ body: () throws(VulkanFailure) -> VulkanFence
  ) throws(VulkanFailure) {
    do { hold(semaphore, until: try body()) } catch {
      noteLoss(error)
      throw error
    }
  }

  private static let noSyncFiles = VulkanFailure.unsupported(
    "VK_KHR_external_semaphore_fd", "the driver has no sync files")
}

extension VulkanConnection {
  /// Whether semaphores come from sync files, or become some.
  fileprivate func hasSyncFiles(_ feature: VkExternalSemaphoreFeatureFlagBits) -> Bool {
    guard extensions.contains("VK_KHR_external_semaphore_fd") else { return false }
    var info = unsafe VkPhysicalDeviceExternalSemaphoreInfo()
    unsafe info.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_EXTERNAL_SEMAPHORE_INFO
    unsafe info.handleType = VK_EXTERNAL_SEMAPHORE_HANDLE_TYPE_SYNC_FD_BIT
    var answer = unsafe VkExternalSemaphoreProperties()
    unsafe answer.sType = VK_STRUCTURE_TYPE_EXTERNAL_SEMAPHORE_PROPERTIES
    unsafe physical.instance.functions.getExternalSemaphoreProperties(
      physical.handle, &info, &answer)
    return unsafe answer.externalSemaphoreFeatures & feature.rawValue != 0
  }
}

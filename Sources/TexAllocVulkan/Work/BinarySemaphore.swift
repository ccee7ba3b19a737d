internal import CVulkan

/// A semaphore that is reached or not, for one use.
@safe final class BinarySemaphore: @unchecked Sendable {  // a handle, which never changes
  let semaphore: VkSemaphore
  private let connection: VulkanConnection

  init(on connection: VulkanConnection, isExported: Bool) throws(VulkanFailure) {
    var export = unsafe VkExportSemaphoreCreateInfo(
      sType: VK_STRUCTURE_TYPE_EXPORT_SEMAPHORE_CREATE_INFO, pNext: nil,
      handleTypes: VK_EXTERNAL_SEMAPHORE_HANDLE_TYPE_SYNC_FD_BIT.rawValue)
    unsafe semaphore = try withUnsafePointer(to: &export) { export throws(VulkanFailure) in
      try unsafe connection.makeSemaphore(isExported ? UnsafeRawPointer(export) : nil)
    }
    self.connection = connection
  }

  deinit {
    unsafe connection.functions.destroySemaphore(connection.device, semaphore, nil)
  }
}

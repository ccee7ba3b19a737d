internal import CVulkan

/// A semaphore that is reached or not, for one use.
@safe final class BinarySemaphore: @unchecked Sendable {  // a handle, which never changes
  let semaphore: VkSemaphore
  private let connection: VulkanConnection

  /// - Parameter handleType: By which others get it; nil where none do.
  init(
    on connection: VulkanConnection,
    exportedBy handleType: VkExternalSemaphoreHandleTypeFlagBits? = nil
  ) throws(VulkanFailure) {
    var export = unsafe VkExportSemaphoreCreateInfo(
      sType: VK_STRUCTURE_TYPE_EXPORT_SEMAPHORE_CREATE_INFO, pNext: nil,
      handleTypes: handleType?.rawValue ?? 0)
    unsafe semaphore = try withUnsafePointer(to: &export) { export throws(VulkanFailure) in
      try unsafe connection.makeSemaphore(handleType == nil ? nil : UnsafeRawPointer(export))
    }
    self.connection = connection
  }

  deinit {
    unsafe connection.functions.destroySemaphore(connection.device, semaphore, nil)
  }
}

internal import CVulkan

/// A semaphore that is reached or not, for one use.
@safe final class BinarySemaphore: @unchecked Sendable {  // a handle, which never changes
  let semaphore: VkSemaphore
  private let connection: VulkanConnection

  init(on connection: VulkanConnection, isExported: Bool) throws(VulkanFailure) {
    var export = unsafe VkExportSemaphoreCreateInfo(
      sType: VK_STRUCTURE_TYPE_EXPORT_SEMAPHORE_CREATE_INFO, pNext: nil,
      handleTypes: VK_EXTERNAL_SEMAPHORE_HANDLE_TYPE_SYNC_FD_BIT.rawValue)
    var semaphore: VkSemaphore?
    let result = unsafe withUnsafePointer(to: &export) { export in
      var info = unsafe VkSemaphoreCreateInfo(
        sType: VK_STRUCTURE_TYPE_SEMAPHORE_CREATE_INFO,
        pNext: isExported ? UnsafeRawPointer(export) : nil, flags: 0)
      return unsafe connection.functions.createSemaphore(
        connection.device, &info, nil, &semaphore)
    }
    try connection.check("vkCreateSemaphore", result)
    guard let semaphore = unsafe semaphore else { throw .failed("vkCreateSemaphore", "no handle") }
    unsafe self.semaphore = semaphore
    self.connection = connection
  }

  deinit {
    unsafe connection.functions.destroySemaphore(connection.device, semaphore, nil)
  }
}

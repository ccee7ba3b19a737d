import CVulkan
import Glibc
import Synchronization
import XCTest

@testable import TexAllocVulkan

/// What ``TroubledDriver`` says of `VK_KHR_external_semaphore_fd`, which the software device lacks: calls come
/// to it as to a driver, and it notes them. It gives -1 as its sync file, which says that all is done, and a
/// descriptor that nobody can wait for as its semaphore.
enum FeignedSyncFiles {
  static let name = "VK_KHR_external_semaphore_fd"

  @unsafe static func function(_ name: String) -> PFN_vkVoidFunction? {
    switch name {
    case "vkGetPhysicalDeviceExternalSemaphoreProperties":
      unsafe unsafeBitCast(properties, to: PFN_vkVoidFunction.self)
    case "vkCreateSemaphore": unsafe unsafeBitCast(createSemaphore, to: PFN_vkVoidFunction.self)
    case "vkDestroySemaphore": unsafe unsafeBitCast(destroySemaphore, to: PFN_vkVoidFunction.self)
    case "vkGetSemaphoreCounterValue": unsafe unsafeBitCast(value, to: PFN_vkVoidFunction.self)
    case "vkWaitSemaphores": unsafe unsafeBitCast(wait, to: PFN_vkVoidFunction.self)
    case "vkGetSemaphoreFdKHR": unsafe unsafeBitCast(export, to: PFN_vkVoidFunction.self)
    case "vkImportSemaphoreFdKHR": unsafe unsafeBitCast(take, to: PFN_vkVoidFunction.self)
    default: nil
    }
  }

  private static func note(_ call: String) { TroubledDriver.calls.withLock { $0.append(call) } }

  private static let properties: PFN_vkGetPhysicalDeviceExternalSemaphoreProperties =
    { _, info, answer in
      let isOpaque =
        unsafe info?.pointee.handleType == VK_EXTERNAL_SEMAPHORE_HANDLE_TYPE_OPAQUE_FD_BIT
      if isOpaque, !TroubledDriver.givesSemaphores.load(ordering: .relaxed) { return }
      unsafe answer?.pointee.externalSemaphoreFeatures =
        VK_EXTERNAL_SEMAPHORE_FEATURE_EXPORTABLE_BIT.rawValue
        | VK_EXTERNAL_SEMAPHORE_FEATURE_IMPORTABLE_BIT.rawValue
    }

  private static let createSemaphore: PFN_vkCreateSemaphore =
    { device, info, allocator, semaphore in
      let real = unsafe TroubledDriver.real("vkCreateSemaphore", as: PFN_vkCreateSemaphore.self)
      guard var info = unsafe info?.pointee else { return VK_ERROR_INITIALIZATION_FAILED }
      let next = unsafe info.pNext?.assumingMemoryBound(to: VkBaseInStructure.self).pointee
      if unsafe next?.sType != VK_STRUCTURE_TYPE_SEMAPHORE_TYPE_CREATE_INFO {
        note(unsafe next == nil ? "a semaphore" : "a semaphore to export")
        unsafe info.pNext = nil
      }
      return unsafe real(device, &info, allocator, semaphore)
    }

  private static let destroySemaphore: PFN_vkDestroySemaphore = { device, semaphore, allocator in
    note("vkDestroySemaphore")
    TroubledDriver.whileDestroyingSemaphores.withLock { $0.take() }?()
    unsafe TroubledDriver.real("vkDestroySemaphore", as: PFN_vkDestroySemaphore.self)(
      device, semaphore, allocator)
  }

  private static let value: PFN_vkGetSemaphoreCounterValue = { device, semaphore, value in
    if TroubledDriver.isSlow.load(ordering: .relaxed) {
      unsafe value?.pointee = 0
      return VK_SUCCESS
    }
    return unsafe TroubledDriver.real(
      "vkGetSemaphoreCounterValue", as: PFN_vkGetSemaphoreCounterValue.self)(
        device, semaphore, value)
  }

  private static let wait: PFN_vkWaitSemaphores = { device, info, time in
    let result = unsafe TroubledDriver.real("vkWaitSemaphores", as: PFN_vkWaitSemaphores.self)(
      device, info, time)
    if result == VK_SUCCESS { note("vkWaitSemaphores") }
    TroubledDriver.afterWaiting.withLock { $0.take() }?()
    return result
  }

  private static let export: PFN_vkGetSemaphoreFdKHR = { _, info, file in
    note("vkGetSemaphoreFdKHR")
    let isOpaque =
      unsafe info?.pointee.handleType == VK_EXTERNAL_SEMAPHORE_HANDLE_TYPE_OPAQUE_FD_BIT
    unsafe file?.pointee = isOpaque ? open("/dev/null", O_RDONLY | O_CLOEXEC) : -1
    return VK_SUCCESS
  }

  private static let take: PFN_vkImportSemaphoreFdKHR = { _, info in
    guard let info = unsafe info?.pointee, unsafe info.fd >= 0,
      unsafe info.flags == VK_SEMAPHORE_IMPORT_TEMPORARY_BIT.rawValue
    else { return VK_ERROR_INVALID_EXTERNAL_HANDLE }
    note("vkImportSemaphoreFdKHR")
    _ = unsafe close(info.fd)
    return VK_SUCCESS
  }

  /// Nobody ever reaches what it feigned to have imported.
  @unsafe static func submit(_ info: VkSubmitInfo, to queue: VkQueue?) -> VkResult {
    if unsafe info.waitSemaphoreCount > 0 {
      let stage = unsafe info.pWaitDstStageMask?.pointee
      note(
        stage == VK_PIPELINE_STAGE_ALL_COMMANDS_BIT.rawValue
          ? "waits with all commands" : "waits with some")
    }
    if unsafe info.signalSemaphoreCount > 1 { note("signals") }
    var info = unsafe info
    unsafe info.waitSemaphoreCount = 0
    return unsafe TroubledDriver.real("vkQueueSubmit", as: PFN_vkQueueSubmit.self)(
      queue, 1, &info, nil)
  }
}

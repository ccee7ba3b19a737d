internal import CVulkan

/// A call of Vulkan that did not succeed, or was not made.
public struct VulkanFailure: Error, Hashable, Sendable {
  /// What a caller can tell apart, and act on.
  public enum Cause: Hashable, Sendable {
    /// The machine lacks what was asked for: the loader, a device, a feature.
    case unsupported
    /// The machine has it, and did not give it.
    case failed
    /// There is no memory for it, or no more than the budget.
    case outOfMemory
    /// The GPU was not done in time.
    case timedOut
    /// The device is lost.
    case lost
    /// The device was closed.
    case closed
    /// Memory of the device is still somebody's.
    case inUse
  }

  public let cause: Cause
  /// The function, the extension or the feature: `vkCreateDevice`, `timelineSemaphore`.
  public let operation: String
  /// What it answered, or what was asked of it.
  public let reason: String

  static func unsupported(_ operation: String, _ reason: String) -> VulkanFailure {
    VulkanFailure(cause: .unsupported, operation: operation, reason: reason)
  }

  static func failed(_ operation: String, _ reason: String) -> VulkanFailure {
    VulkanFailure(cause: .failed, operation: operation, reason: reason)
  }

  /// The GPU has not reached a fence in the time that it was given.
  static let timedOut = VulkanFailure(
    cause: .timedOut, operation: "vkWaitSemaphores",
    reason: "the GPU is not done after \(longestWait)")

  /// What a function answered instead of success.
  init(_ operation: String, _ result: VkResult) {
    cause =
      switch result {
      case VK_ERROR_DEVICE_LOST: .lost
      case VK_ERROR_OUT_OF_HOST_MEMORY, VK_ERROR_OUT_OF_DEVICE_MEMORY, VK_ERROR_TOO_MANY_OBJECTS:
        .outOfMemory
      case VK_ERROR_INCOMPATIBLE_DRIVER, VK_ERROR_EXTENSION_NOT_PRESENT,
        VK_ERROR_FEATURE_NOT_PRESENT, VK_ERROR_LAYER_NOT_PRESENT, VK_ERROR_FORMAT_NOT_SUPPORTED:
        .unsupported
      default: .failed
      }
    self.operation = operation
    reason = result.name
  }

  init(cause: Cause, operation: String, reason: String) {
    (self.cause, self.operation, self.reason) = (cause, operation, reason)
  }
}

extension VulkanFailure: CustomStringConvertible {
  public var description: String {
    "\(operation): \(isUnsupported ? "not supported: " : "")\(reason)"
  }

  /// Whether the machine lacks what was asked for, rather than that it failed to give it.
  public var isUnsupported: Bool { cause == .unsupported }
}

/// - Throws: What a function answered, unless that is success.
func expectSuccess(_ operation: String, _ result: VkResult) throws(VulkanFailure) {
  guard result == VK_SUCCESS else { throw VulkanFailure(operation, result) }
}

extension VkResult {
  /// As in `vulkan_core.h`.
  var name: String {
    switch self {
    case VK_SUCCESS: "VK_SUCCESS"
    case VK_NOT_READY: "VK_NOT_READY"
    case VK_TIMEOUT: "VK_TIMEOUT"
    case VK_INCOMPLETE: "VK_INCOMPLETE"
    case VK_ERROR_OUT_OF_HOST_MEMORY: "VK_ERROR_OUT_OF_HOST_MEMORY"
    case VK_ERROR_OUT_OF_DEVICE_MEMORY: "VK_ERROR_OUT_OF_DEVICE_MEMORY"
    case VK_ERROR_INITIALIZATION_FAILED: "VK_ERROR_INITIALIZATION_FAILED"
    case VK_ERROR_DEVICE_LOST: "VK_ERROR_DEVICE_LOST"
    case VK_ERROR_MEMORY_MAP_FAILED: "VK_ERROR_MEMORY_MAP_FAILED"
    case VK_ERROR_LAYER_NOT_PRESENT: "VK_ERROR_LAYER_NOT_PRESENT"
    case VK_ERROR_EXTENSION_NOT_PRESENT: "VK_ERROR_EXTENSION_NOT_PRESENT"
    case VK_ERROR_FEATURE_NOT_PRESENT: "VK_ERROR_FEATURE_NOT_PRESENT"
    case VK_ERROR_INCOMPATIBLE_DRIVER: "VK_ERROR_INCOMPATIBLE_DRIVER"
    case VK_ERROR_TOO_MANY_OBJECTS: "VK_ERROR_TOO_MANY_OBJECTS"
    case VK_ERROR_FORMAT_NOT_SUPPORTED: "VK_ERROR_FORMAT_NOT_SUPPORTED"
    case VK_ERROR_INVALID_EXTERNAL_HANDLE: "VK_ERROR_INVALID_EXTERNAL_HANDLE"
    case VK_ERROR_INVALID_DRM_FORMAT_MODIFIER_PLANE_LAYOUT_EXT:
      "VK_ERROR_INVALID_DRM_FORMAT_MODIFIER_PLANE_LAYOUT_EXT"
    default: "VkResult \(rawValue)"
    }
  }
}

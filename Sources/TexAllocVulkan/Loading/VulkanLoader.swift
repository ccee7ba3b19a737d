package import CVulkan
internal import Glibc

/// Where the functions of Vulkan come from: the loader of the machine, looked for when first needed,
/// so that programs start where there is none.
@safe package struct VulkanLoader: @unchecked Sendable {  // a function, which never changes
  package typealias GetInstanceProcAddr =
    @convention(c) (VkInstance?, UnsafePointer<CChar>?) -> PFN_vkVoidFunction?

  package let getInstanceProcAddr: GetInstanceProcAddr

  /// - Parameter getInstanceProcAddr: `vkGetInstanceProcAddr` of a loader, or what stands before one.
  package init(_ getInstanceProcAddr: @escaping GetInstanceProcAddr) {
    unsafe self.getInstanceProcAddr = getInstanceProcAddr
  }

  /// - Throws: `VulkanFailure`, unsupported where the machine has no loader.
  package static func installed() throws(VulkanFailure) -> VulkanLoader { try known.get() }

  private static let known = Result { () throws(VulkanFailure) in
    guard let library = unsafe dlopen("libvulkan.so.1", RTLD_NOW | RTLD_LOCAL) else {
      let reason = unsafe dlerror().map { unsafe String(cString: $0) }
      throw .unsupported("libvulkan.so.1", reason ?? "it cannot be loaded")
    }
    guard let symbol = unsafe dlsym(library, "vkGetInstanceProcAddr") else {
      throw .failed("libvulkan.so.1", "it has no vkGetInstanceProcAddr")
    }
    // The specification fixes the prototype of this name.
    return unsafe VulkanLoader(unsafeBitCast(symbol, to: GetInstanceProcAddr.self))
  }

  /// A function by its name, of the type that `vulkan_core.h` gives it.
  ///
  /// - Parameter instance: nil for those that need none.
  /// - Throws: `VulkanFailure` where there is none of this name.
  @unsafe func function<Function>(
    _ name: String, of instance: VkInstance?, as type: Function.Type = Function.self
  ) throws(VulkanFailure) -> Function {
    guard let function = unsafe getInstanceProcAddr(instance, name) else {
      throw .failed("vkGetInstanceProcAddr", "no \(name)")
    }
    return unsafe unsafeBitCast(function, to: Function.self)
  }
}

/// The functions of an instance that are asked what its devices are.
@safe struct InstanceFunctions: @unchecked Sendable {  // functions, which never change
  let destroyInstance: PFN_vkDestroyInstance
  let enumeratePhysicalDevices: PFN_vkEnumeratePhysicalDevices
  let getProperties: PFN_vkGetPhysicalDeviceProperties2
  let getFeatures: PFN_vkGetPhysicalDeviceFeatures2
  let getMemoryProperties: PFN_vkGetPhysicalDeviceMemoryProperties2
  let getQueueFamilies: PFN_vkGetPhysicalDeviceQueueFamilyProperties
  let getExtensions: PFN_vkEnumerateDeviceExtensionProperties
  let getFormatProperties: PFN_vkGetPhysicalDeviceFormatProperties2
  let getImageFormatProperties: PFN_vkGetPhysicalDeviceImageFormatProperties2
  let getExternalBufferProperties: PFN_vkGetPhysicalDeviceExternalBufferProperties
  let getExternalSemaphoreProperties: PFN_vkGetPhysicalDeviceExternalSemaphoreProperties
  let createDevice: PFN_vkCreateDevice
  let getDeviceProcAddr: PFN_vkGetDeviceProcAddr

  @unsafe init(_ loader: VulkanLoader, of instance: VkInstance) throws(VulkanFailure) {
    func get<Function>(_ name: String) throws(VulkanFailure) -> Function {
      try unsafe loader.function(name, of: instance)
    }
    unsafe destroyInstance = try get("vkDestroyInstance")
    unsafe enumeratePhysicalDevices = try get("vkEnumeratePhysicalDevices")
    unsafe getProperties = try get("vkGetPhysicalDeviceProperties2")
    unsafe getFeatures = try get("vkGetPhysicalDeviceFeatures2")
    unsafe getMemoryProperties = try get("vkGetPhysicalDeviceMemoryProperties2")
    unsafe getQueueFamilies = try get("vkGetPhysicalDeviceQueueFamilyProperties")
    unsafe getExtensions = try get("vkEnumerateDeviceExtensionProperties")
    unsafe getFormatProperties = try get("vkGetPhysicalDeviceFormatProperties2")
    unsafe getImageFormatProperties = try get("vkGetPhysicalDeviceImageFormatProperties2")
    unsafe getExternalBufferProperties = try get(
      "vkGetPhysicalDeviceExternalBufferProperties")
    unsafe getExternalSemaphoreProperties = try get(
      "vkGetPhysicalDeviceExternalSemaphoreProperties")
    unsafe createDevice = try get("vkCreateDevice")
    unsafe getDeviceProcAddr = try get("vkGetDeviceProcAddr")
  }
}

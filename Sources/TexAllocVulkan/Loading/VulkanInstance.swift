internal import CVulkan
internal import Synchronization
internal import TexAlloc

/// A connection to the drivers of the machine: our own, or a toolkit's.
@safe final class VulkanInstance: @unchecked Sendable {  // handles, which never change
  let instance: VkInstance
  let functions: InstanceFunctions
  private let isOwn: Bool
  private let validation: Validation?

  /// Every call that the library makes is in this version.
  private static let version: UInt32 = 1 << 22 | 2 << 12

  /// The one that all devices of our own share, or another where functions come from elsewhere or somebody
  /// listens. The shared one stays for as long as the process, whatever others come and go: NVIDIA's driver
  /// ends EGL, whoever draws by it, when its last instance goes.
  ///
  /// - Throws: `VulkanFailure`, unsupported where there is no loader.
  static func own(
    by loader: VulkanLoader? = nil, onValidation: (@Sendable (String) -> Void)? = nil
  ) throws(VulkanFailure) -> VulkanInstance {
    let shared = Result { () throws(VulkanFailure) in try Self.shared() }
    if let loader { return try VulkanInstance(by: loader, onValidation: onValidation) }
    guard let onValidation else { return try shared.get() }
    return try VulkanInstance(by: .installed(), onValidation: onValidation)
  }

  private static func shared() throws(VulkanFailure) -> VulkanInstance {
    try kept.withLock { kept throws(VulkanFailure) in
      if let kept { return kept }
      let made = try VulkanInstance(by: .installed(), onValidation: nil)
      kept = made
      return made
    }
  }

  private static let kept = Mutex<VulkanInstance?>(nil)

  /// Makes one.
  ///
  /// - Parameter onValidation: Is given what Khronos' validation layer says, where that is installed; it
  ///   is loaded for nobody else.
  /// - Throws: `VulkanFailure`.
  private init(
    by loader: VulkanLoader, onValidation: (@Sendable (String) -> Void)?
  ) throws(VulkanFailure) {
    let create: PFN_vkCreateInstance = try unsafe loader.function("vkCreateInstance", of: nil)
    let validates = onValidation == nil ? false : try Validation.isInstalled(by: loader)
    let (layers, extensions) =
      validates ? ([Validation.layer], [Validation.extensionName]) : ([], [])
    var instance: VkInstance?
    let result = unsafe withCStrings(layers) { layers in
      unsafe withCStrings(extensions) { extensions in
        var application = unsafe VkApplicationInfo(
          sType: VK_STRUCTURE_TYPE_APPLICATION_INFO, pNext: nil, pApplicationName: nil,
          applicationVersion: 0, pEngineName: nil, engineVersion: 0, apiVersion: Self.version)
        return unsafe withUnsafePointer(to: &application) { application in
          var info = unsafe VkInstanceCreateInfo(
            sType: VK_STRUCTURE_TYPE_INSTANCE_CREATE_INFO, pNext: nil, flags: 0,
            pApplicationInfo: application,
            enabledLayerCount: UInt32(layers.count), ppEnabledLayerNames: layers.baseAddress,
            enabledExtensionCount: UInt32(extensions.count),
            ppEnabledExtensionNames: extensions.baseAddress)
          return unsafe create(&info, nil, &instance)
        }
      }
    }
    try expectSuccess("vkCreateInstance", result)
    guard let instance = unsafe instance else { throw .failed("vkCreateInstance", "no handle") }
    unsafe self.instance = instance
    do throws(VulkanFailure) {
      functions = try unsafe InstanceFunctions(loader, of: instance)
      validation =
        if validates, let onValidation {
          try unsafe Validation(of: instance, by: loader, tell: onValidation)
        } else { nil }
    } catch {
      let destroy: PFN_vkDestroyInstance? = try? unsafe loader.function(
        "vkDestroyInstance", of: instance)
      unsafe destroy?(instance, nil)
      throw error
    }
    isOwn = true
  }

  /// Takes a toolkit's, which lives longer.
  @unsafe init(_ instance: VkInstance, by loader: VulkanLoader) throws(VulkanFailure) {
    unsafe self.instance = instance
    functions = try unsafe InstanceFunctions(loader, of: instance)
    isOwn = false
    validation = nil
  }

  deinit {
    validation?.end()
    if isOwn { unsafe functions.destroyInstance(instance, nil) }
  }

  /// The devices of the machine.
  func devices() throws(VulkanFailure) -> [PhysicalDevice] {
    let handles = try unsafe list("vkEnumeratePhysicalDevices", nil as VkPhysicalDevice?) {
      unsafe functions.enumeratePhysicalDevices(instance, $0, $1)
    }
    var devices: [PhysicalDevice] = []
    for index in unsafe handles.indices {
      guard let handle = unsafe handles[index] else { continue }
      devices.append(try unsafe PhysicalDevice(handle, at: index, of: self))
    }
    return devices
  }
}

/// A device of the machine, before anybody has opened it.
@safe struct PhysicalDevice: @unchecked Sendable {  // a handle, which never changes
  let handle: VkPhysicalDevice
  let instance: VulkanInstance
  let description: VulkanDeviceDescription

  @unsafe init(
    _ handle: VkPhysicalDevice, at index: Int, of instance: VulkanInstance
  ) throws(VulkanFailure) {
    unsafe self.handle = handle
    self.instance = instance
    description = try unsafe VulkanDeviceDescription(
      of: handle, at: index, by: instance.functions)
  }
}

/// What Khronos' validation layer says of our calls.
@safe private final class Validation: @unchecked Sendable {  // a handle, which never changes
  static let layer = "VK_LAYER_KHRONOS_validation"
  static let extensionName = "VK_EXT_debug_utils"

  private let tell: @Sendable (String) -> Void
  private let instance: VkInstance
  private let destroy: PFN_vkDestroyDebugUtilsMessengerEXT
  private var messenger: VkDebugUtilsMessengerEXT?

  static func isInstalled(by loader: VulkanLoader) throws(VulkanFailure) -> Bool {
    let ask: PFN_vkEnumerateInstanceLayerProperties = try unsafe loader.function(
      "vkEnumerateInstanceLayerProperties", of: nil)
    let layers = try unsafe list("vkEnumerateInstanceLayerProperties", VkLayerProperties()) {
      unsafe ask($0, $1)
    }
    return layers.contains {
      elements(of: $0.layerName, as: UInt8.self).prefix { $0 != 0 }.elementsEqual(layer.utf8)
    }
  }

  @unsafe init(
    of instance: VkInstance, by loader: VulkanLoader, tell: @escaping @Sendable (String) -> Void
  ) throws(VulkanFailure) {
    self.tell = tell
    unsafe self.instance = instance
    let create: PFN_vkCreateDebugUtilsMessengerEXT = try unsafe loader.function(
      "vkCreateDebugUtilsMessengerEXT", of: instance)
    unsafe destroy = try loader.function("vkDestroyDebugUtilsMessengerEXT", of: instance)
    var info = unsafe VkDebugUtilsMessengerCreateInfoEXT()
    unsafe info.sType = VK_STRUCTURE_TYPE_DEBUG_UTILS_MESSENGER_CREATE_INFO_EXT
    unsafe info.messageSeverity =
      VK_DEBUG_UTILS_MESSAGE_SEVERITY_WARNING_BIT_EXT.rawValue
      | VK_DEBUG_UTILS_MESSAGE_SEVERITY_ERROR_BIT_EXT.rawValue
    unsafe info.messageType =
      VK_DEBUG_UTILS_MESSAGE_TYPE_VALIDATION_BIT_EXT.rawValue
      | VK_DEBUG_UTILS_MESSAGE_TYPE_PERFORMANCE_BIT_EXT.rawValue
    // It goes before this object does: see end().
    unsafe info.pUserData = Unmanaged.passUnretained(self).toOpaque()
    unsafe info.pfnUserCallback = { _, _, message, validation in
      guard let validation = unsafe validation, let words = unsafe message?.pointee.pMessage else {
        return 0
      }
      unsafe Unmanaged<Validation>.fromOpaque(validation).takeUnretainedValue()
        .tell(String(cString: words))
      return 0
    }
    try unsafe expectSuccess(
      "vkCreateDebugUtilsMessengerEXT", create(instance, &info, nil, &messenger))
  }

  func end() { unsafe destroy(instance, messenger, nil) }
}

/// The strings as C has them, for the length of a call.
@unsafe func withCStrings<Result>(
  _ strings: [String],
  _ body: (UnsafeBufferPointer<UnsafePointer<CChar>?>) -> Result
) -> Result {
  let bytes = strings.map { Array($0.utf8CString) }
  func next(_ index: Int, _ pointers: [UnsafePointer<CChar>?]) -> Result {
    guard index < bytes.count else {
      return unsafe pointers.withUnsafeBufferPointer { unsafe body($0) }
    }
    return unsafe bytes[index].withUnsafeBufferPointer {
      unsafe next(index + 1, pointers + [$0.baseAddress])
    }
  }
  return unsafe next(0, [])
}

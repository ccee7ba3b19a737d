internal import CVulkan
internal import TexAlloc

/// What a device of Vulkan says of itself.
public struct VulkanDeviceDescription: Hashable, Sendable {
  public enum Kind: String, Hashable, Sendable {
    case discrete, integrated, virtual
    /// A software device: the CPU.
    case cpu
    case other
  }

  /// Its place in the order of `vkEnumeratePhysicalDevices`.
  public let index: Int
  public let name: String
  public let kind: Kind
  /// The name of the driver, and what it says besides.
  public let driver: String
  /// 32 hexadecimal digits, the same in every run and in every API.
  public let uuid: String
  /// Of the driver; memory goes between two APIs where both agree.
  public let driverUUID: String
  /// Of Vulkan: `1.3.289`.
  public let version: String
  /// Every extension that it has, enabled or not.
  public let extensions: Set<String>
  /// By their numbers.
  public let memoryTypes: [VulkanMemoryType]
  /// Texels across and down, at most.
  public let maxImageSize: Int
  /// In bytes: what the CPU writes to memory that is not coherent is told to the device in such units.
  public let nonCoherentAtomSize: Int
  /// Bytes that memory of the process begins and ends at multiples of, to be imported by its address;
  /// nil without `VK_EXT_external_memory_host`.
  public let hostPointerAlignment: Int?
}

extension VulkanDeviceDescription: CustomStringConvertible {
  public var description: String { "\(name) (\(kind), \(driver), Vulkan \(version), \(uuid))" }
}

/// A kind of memory that a device has.
public struct VulkanMemoryType: Hashable, Sendable {
  public let index: Int
  /// The number of the heap that it is of, as Vulkan counts them, and how many bytes that has.
  public let heap, heapSize: Int
  /// Whether it is the device's own.
  public let isDeviceLocal: Bool
  /// Whether the CPU can map it, sees what the device writes by itself, and has it in its caches.
  public let isHostVisible, isCoherent, isCached: Bool
  /// Whether it is for images and buffers of any kind: not for protected ones only, nor allocated late.
  public let isOrdinary: Bool

  /// Whether it is the narrow window that a CPU has into a device's memory where the bus can show no more:
  /// drivers want it for themselves.
  public var isWindow: Bool { isDeviceLocal && isHostVisible && heapSize <= 256 << 20 }
}

extension VulkanMemoryType: CustomStringConvertible {
  public var description: String {
    let words = [
      (isDeviceLocal, "device-local"), (isHostVisible, "host-visible"), (isCoherent, "coherent"),
      (isCached, "cached"),
    ].filter(\.0).map(\.1)
    return (words.isEmpty ? ["plain"] : words).joined(separator: " ")
  }
}

extension VulkanDeviceDescription {
  /// Asks a device.
  @unsafe init(
    of device: VkPhysicalDevice, at index: Int, by functions: InstanceFunctions
  ) throws(VulkanFailure) {
    let extensions = try unsafe Self.extensions(of: device, by: functions)
    var host = unsafe VkPhysicalDeviceExternalMemoryHostPropertiesEXT()
    unsafe host.sType =
      VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_EXTERNAL_MEMORY_HOST_PROPERTIES_EXT
    var driver = unsafe VkPhysicalDeviceDriverProperties()
    unsafe driver.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_DRIVER_PROPERTIES
    var identity = unsafe VkPhysicalDeviceIDProperties()
    unsafe identity.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_ID_PROPERTIES
    var properties = unsafe VkPhysicalDeviceProperties2()
    unsafe properties.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_PROPERTIES_2
    let takesHostMemory = extensions.contains("VK_EXT_external_memory_host")
    unsafe withUnsafeMutablePointer(to: &host) { host in
      unsafe withUnsafeMutablePointer(to: &driver) { driver in
        unsafe withUnsafeMutablePointer(to: &identity) { identity in
          unsafe driver.pointee.pNext = takesHostMemory ? UnsafeMutableRawPointer(host) : nil
          unsafe identity.pointee.pNext = UnsafeMutableRawPointer(driver)
          unsafe properties.pNext = UnsafeMutableRawPointer(identity)
          unsafe functions.getProperties(device, &properties)
        }
      }
    }
    let facts = unsafe properties.properties
    self.index = index
    self.extensions = extensions
    name = Self.text(facts.deviceName)
    kind =
      switch facts.deviceType {
      case VK_PHYSICAL_DEVICE_TYPE_DISCRETE_GPU: .discrete
      case VK_PHYSICAL_DEVICE_TYPE_INTEGRATED_GPU: .integrated
      case VK_PHYSICAL_DEVICE_TYPE_VIRTUAL_GPU: .virtual
      case VK_PHYSICAL_DEVICE_TYPE_CPU: .cpu
      default: .other
      }
    let words = unsafe [Self.text(driver.driverName), Self.text(driver.driverInfo)]
    self.driver = words.filter { !$0.isEmpty }.joined(separator: " ")
    uuid = unsafe Self.digits(identity.deviceUUID)
    driverUUID = unsafe Self.digits(identity.driverUUID)
    let version = facts.apiVersion
    self.version = "\(version >> 22 & 0x7F).\(version >> 12 & 0x3FF).\(version & 0xFFF)"
    memoryTypes = unsafe Self.memoryTypes(of: device, by: functions)
    maxImageSize = Int(facts.limits.maxImageDimension2D)
    nonCoherentAtomSize = Int(facts.limits.nonCoherentAtomSize)
    hostPointerAlignment =
      takesHostMemory ? unsafe Int(host.minImportedHostPointerAlignment) : nil
  }

  private static func extensions(
    of device: VkPhysicalDevice, by functions: InstanceFunctions
  ) throws(VulkanFailure) -> Set<String> {
    let properties = try unsafe list(
      "vkEnumerateDeviceExtensionProperties", VkExtensionProperties()
    ) { unsafe functions.getExtensions(device, nil, $0, $1) }
    return Set(properties.map { text($0.extensionName) })
  }

  private static func memoryTypes(
    of device: VkPhysicalDevice, by functions: InstanceFunctions
  ) -> [VulkanMemoryType] {
    var properties = unsafe VkPhysicalDeviceMemoryProperties2()
    unsafe properties.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_MEMORY_PROPERTIES_2
    unsafe functions.getMemoryProperties(device, &properties)
    let memory = unsafe properties.memoryProperties
    let heaps = elements(of: memory.memoryHeaps, as: VkMemoryHeap.self)
    let types = elements(of: memory.memoryTypes, as: VkMemoryType.self)
    let ordinary =
      VK_MEMORY_PROPERTY_DEVICE_LOCAL_BIT.rawValue | VK_MEMORY_PROPERTY_HOST_VISIBLE_BIT.rawValue
      | VK_MEMORY_PROPERTY_HOST_COHERENT_BIT.rawValue
      | VK_MEMORY_PROPERTY_HOST_CACHED_BIT.rawValue
    return types.prefix(Int(memory.memoryTypeCount)).enumerated().map { index, type in
      func has(_ property: VkMemoryPropertyFlagBits) -> Bool {
        type.propertyFlags & property.rawValue != 0
      }
      return VulkanMemoryType(
        index: index, heap: Int(type.heapIndex), heapSize: Int(heaps[Int(type.heapIndex)].size),
        isDeviceLocal: has(VK_MEMORY_PROPERTY_DEVICE_LOCAL_BIT),
        isHostVisible: has(VK_MEMORY_PROPERTY_HOST_VISIBLE_BIT),
        isCoherent: has(VK_MEMORY_PROPERTY_HOST_COHERENT_BIT),
        isCached: has(VK_MEMORY_PROPERTY_HOST_CACHED_BIT),
        isOrdinary: type.propertyFlags & ~ordinary == 0)
    }
  }

  /// Text in an array of C, which Swift sees as a tuple.
  private static func text<Characters>(_ characters: Characters) -> String {
    String(decoding: elements(of: characters, as: UInt8.self).prefix { $0 != 0 }, as: UTF8.self)
  }

  private static func digits<Bytes>(_ bytes: Bytes) -> String {
    elements(of: bytes, as: UInt8.self).map { byte in
      let digits = String(byte, radix: 16)
      return digits.count == 1 ? "0" + digits : digits
    }.joined()
  }
}

/// What an array of C holds, which Swift sees as a tuple.
func elements<Tuple, Element>(of tuple: Tuple, as type: Element.Type) -> [Element] {
  // C lays out arrays of plain structures so.
  unsafe withUnsafeBytes(of: tuple) { unsafe Array($0.bindMemory(to: type)) }
}

/// What a function lists that is asked twice: how many there are, and which.
///
/// - Parameter empty: To begin with.
func list<Element>(
  _ operation: String, _ empty: @autoclosure () -> Element,
  _ ask: (UnsafeMutablePointer<UInt32>, UnsafeMutablePointer<Element>?) -> VkResult
) throws(VulkanFailure) -> [Element] {
  var count: UInt32 = 0
  try unsafe expectSuccess(operation, ask(&count, nil))
  if count == 0 { return [] }
  var elements = (0..<count).map { _ in empty() }
  let result = unsafe ask(&count, &elements)
  // More may have come meanwhile.
  if result != VK_INCOMPLETE { try expectSuccess(operation, result) }
  return Array(elements.prefix(Int(count)))
}

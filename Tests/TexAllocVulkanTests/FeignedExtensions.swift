import CVulkan
import Synchronization

@testable import TexAllocVulkan

/// Extensions that ``TroubledDriver`` says it has where it is told to, beside those of the software device, which
/// never hears of them.
enum FeignedExtensions {
  private static var names: [String] {
    (TroubledDriver.feignsSyncFiles.load(ordering: .relaxed) ? [FeignedSyncFiles.name] : [])
      + (TroubledDriver.feignsModifiers.load(ordering: .relaxed) ? [FeignedModifiers.name] : [])
  }

  @unsafe static func function(_ name: String) -> PFN_vkVoidFunction? {
    switch name {
    case "vkEnumerateDeviceExtensionProperties":
      unsafe unsafeBitCast(extensions, to: PFN_vkVoidFunction.self)
    case "vkCreateDevice": unsafe unsafeBitCast(createDevice, to: PFN_vkVoidFunction.self)
    case "vkGetPhysicalDeviceFormatProperties2":
      unsafe unsafeBitCast(FeignedModifiers.formatProperties, to: PFN_vkVoidFunction.self)
    default: nil
    }
  }

  private static let extensions: PFN_vkEnumerateDeviceExtensionProperties =
    { device, layer, count, list in
      let real = unsafe TroubledDriver.real(
        "vkEnumerateDeviceExtensionProperties", as: PFN_vkEnumerateDeviceExtensionProperties.self)
      let result = unsafe real(device, layer, count, list)
      guard result == VK_SUCCESS else { return result }
      for name in names {
        if let list = unsafe list, let last = unsafe count?.pointee {
          unsafe withUnsafeMutableBytes(of: &list[Int(last)].extensionName) {
            unsafe $0.initializeMemory(as: UInt8.self, repeating: 0)
            unsafe $0.copyBytes(from: name.utf8)
          }
        }
        unsafe count?.pointee += 1
      }
      return result
    }

  private static let createDevice: PFN_vkCreateDevice = { physical, info, allocator, device in
    let real = unsafe TroubledDriver.real("vkCreateDevice", as: PFN_vkCreateDevice.self)
    guard var info = unsafe info?.pointee else { return VK_ERROR_INITIALIZATION_FAILED }
    let feigned = names
    let known = unsafe UnsafeBufferPointer(
      start: info.ppEnabledExtensionNames, count: Int(info.enabledExtensionCount)
    ).filter { unsafe $0.map { unsafe !feigned.contains(String(cString: $0)) } ?? false }
    return unsafe known.withUnsafeBufferPointer { known in
      unsafe info.ppEnabledExtensionNames = known.baseAddress
      unsafe info.enabledExtensionCount = UInt32(known.count)
      return unsafe real(physical, &info, allocator, device)
    }
  }
}

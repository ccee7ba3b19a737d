internal import CLinux
internal import CVulkan
internal import Glibc
internal import SystemPackage
internal import TexAlloc

/// Memory of others that a device samples where it lies: dma-bufs by their descriptor, the rest by its
/// address, which pins its pages.
struct MemoryImport: Sendable {
  let connection: VulkanConnection
  let ledger: MemoryLedger

  /// Whether dma-bufs can be imported.
  var takesDMABufs: Bool {
    connection.extensions.isSuperset(of: [
      "VK_KHR_external_memory_fd", "VK_EXT_external_memory_dma_buf",
    ])
  }

  /// Whether memory of the process can be imported.
  var takesHostMemory: Bool { connection.extensions.contains("VK_EXT_external_memory_host") }

  /// The whole of a slab, for images that can lie in these types of memory.
  ///
  /// - Throws: What the driver answered to the last way.
  func memory(of slab: Slab, for use: SuitableMemory) throws(VulkanFailure) -> DeviceMemory {
    if let descriptor = slab.descriptor, Self.isDMABuf(descriptor) {
      do throws(VulkanFailure) {
        return try memory(ofDMABuf: descriptor, slab.size, for: use)
      } catch  where takesHostMemory {}
    }
    // The slab outlives what it keeps with it.
    return try unsafe memory(at: slab.bytes(in: 0..<slab.size), keptBy: nil, for: use)
  }

  /// The whole of a file of the application's: a dma-buf, or else memory that is mapped for it once more.
  func memory(
    of file: FileDescriptor, for use: SuitableMemory
  ) throws(VulkanFailure) -> DeviceMemory {
    if Self.isDMABuf(file) {
      // A dma-buf has no position that seeking could move, and on older kernels no other size.
      guard let size = try? file.seek(offset: 0, from: .end) else {
        throw .failed("lseek", "the dma-buf does not tell its size")
      }
      return try memory(ofDMABuf: file, Int(size), for: use)
    }
    guard let size = try? file.stat().size else { throw .failed("fstat", "no size") }
    let mapping = try FileMapping(of: file, Int(size))
    return try unsafe memory(at: mapping.bytes, keptBy: mapping, for: use)
  }

  private static func isDMABuf(_ file: FileDescriptor) -> Bool {
    texalloc_is_dma_buf(file.rawValue) > 0
  }

  private func memory(
    ofDMABuf file: FileDescriptor, _ size: Int, for use: SuitableMemory
  ) throws(VulkanFailure) -> DeviceMemory {
    let handleType = VK_EXTERNAL_MEMORY_HANDLE_TYPE_DMA_BUF_BIT_EXT
    guard takesDMABufs, use.handleTypes & handleType.rawValue != 0,
      let properties = unsafe connection.functions.memoryDescriptorProperties
    else { throw .unsupported("VK_EXT_external_memory_dma_buf", "it is not enabled") }
    let own: OwnedDescriptor
    do { own = try OwnedDescriptor(duplicating: file, named: "dma-buf") } catch {
      throw .failed(error.operation, "\(error)")
    }
    var answer = unsafe VkMemoryFdPropertiesKHR()
    unsafe answer.sType = VK_STRUCTURE_TYPE_MEMORY_FD_PROPERTIES_KHR
    try connection.check(
      "vkGetMemoryFdPropertiesKHR",
      unsafe properties(connection.device, handleType, own.descriptor.rawValue, &answer))
    let type = try type(in: unsafe answer.memoryTypeBits, for: use)
    var info = unsafe VkImportMemoryFdInfoKHR(
      sType: VK_STRUCTURE_TYPE_IMPORT_MEMORY_FD_INFO_KHR, pNext: nil, handleType: handleType,
      fd: own.descriptor.rawValue)
    let memory = try unsafe DeviceMemory(
      size, of: type, on: connection, in: ledger, extension: &info,
      handleType: handleType.rawValue)
    _ = own.release()  // it is the driver's now
    return memory
  }

  /// - Parameter owner: Keeps the bytes where they are; nil where somebody else does, for longer.
  @unsafe private func memory(
    at bytes: UnsafeMutableRawBufferPointer, keptBy owner: FileMapping?, for use: SuitableMemory
  ) throws(VulkanFailure) -> DeviceMemory {
    let handleType = VK_EXTERNAL_MEMORY_HANDLE_TYPE_HOST_ALLOCATION_BIT_EXT
    guard takesHostMemory, use.handleTypes & handleType.rawValue != 0,
      let alignment = connection.description.hostPointerAlignment,
      let properties = unsafe connection.functions.hostPointerProperties
    else { throw .unsupported("VK_EXT_external_memory_host", "it is not enabled") }
    guard Int(bitPattern: bytes.baseAddress).isMultiple(of: alignment),
      bytes.count.isMultiple(of: alignment)
    else {
      throw .failed(
        "VkImportMemoryHostPointerInfoEXT", "memory that does not lie in units of \(alignment)")
    }
    var answer = unsafe VkMemoryHostPointerPropertiesEXT()
    unsafe answer.sType = VK_STRUCTURE_TYPE_MEMORY_HOST_POINTER_PROPERTIES_EXT
    try connection.check(
      "vkGetMemoryHostPointerPropertiesEXT",
      unsafe properties(connection.device, handleType, bytes.baseAddress, &answer))
    let type = try type(in: unsafe answer.memoryTypeBits, for: use)
    var info = unsafe VkImportMemoryHostPointerInfoEXT(
      sType: VK_STRUCTURE_TYPE_IMPORT_MEMORY_HOST_POINTER_INFO_EXT, pNext: nil,
      handleType: handleType, pHostPointer: bytes.baseAddress)
    return try unsafe DeviceMemory(
      bytes.count, of: type, on: connection, in: ledger, extension: &info,
      handleType: handleType.rawValue, keeping: owner)
  }

  private func type(
    in answer: UInt32, for use: SuitableMemory
  ) throws(VulkanFailure) -> VulkanMemoryType {
    let bits = answer & use.memoryTypes
    let types = connection.description.memoryTypes.filter { bits >> $0.index & 1 == 1 }
    guard let type = types.first(where: { use.preferredTypes >> $0.index & 1 == 1 }) ?? types.first
    else { throw .unsupported("memoryTypeBits", "no type of memory does for the images") }
    return type
  }
}

/// The memory that images or buffers of a kind can lie in.
struct SuitableMemory: Sendable {
  /// A bit for each type.
  let memoryTypes: UInt32
  /// Those of them that are taken first: what else may lie there can lie in these.
  private(set) var preferredTypes = UInt32.max
  /// A bit for each kind of handle by which it can be imported.
  let handleTypes: UInt32

  init(memoryTypes: UInt32, handleTypes: UInt32) {
    (self.memoryTypes, self.handleTypes) = (memoryTypes, handleTypes)
  }

  func preferring(_ types: UInt32) -> SuitableMemory {
    var preferring = self
    preferring.preferredTypes = types
    return preferring
  }
}

/// A file of the application's, mapped whole.
@safe final class FileMapping: @unchecked Sendable {  // the address never changes
  let bytes: UnsafeMutableRawBufferPointer

  init(of file: FileDescriptor, _ size: Int) throws(VulkanFailure) {
    // Where it may not be written, the device still may read it.
    for protection in [PROT_READ | PROT_WRITE, PROT_READ] {
      let address = unsafe mmap(nil, size, protection, MAP_SHARED, file.rawValue, 0)
      guard let address = unsafe address, unsafe address != MAP_FAILED else { continue }
      unsafe bytes = UnsafeMutableRawBufferPointer(start: address, count: size)
      return
    }
    throw .failed("mmap", "the memory of the image cannot be mapped")
  }

  deinit { unsafe munmap(bytes.baseAddress, bytes.count) }
}

internal import CVulkan
internal import TexAlloc

/// What one picture is drawn with: its quads in memory, and for each draw a set that binds them and a
/// texture. It lives until the GPU is done.
@safe final class CanvasResources: @unchecked Sendable {  // handles that stay
  /// One for each draw.
  private(set) var sets: [VkDescriptorSet?] = unsafe []
  private let connection: VulkanConnection
  private let memory: DeviceMemory
  private let buffer: VkBuffer
  private var pool: VkDescriptorPool?

  /// - Parameter textures: Of each draw; those that have none bind the blank image.
  init(
    _ quads: [VulkanCanvas.Quad], of textures: [VulkanTexture?], with objects: CanvasObjects,
    on device: VulkanDevice
  ) throws(VulkanFailure) {
    connection = device.connection
    let size = max(1, quads.count) * MemoryLayout<VulkanCanvas.Quad>.stride
    unsafe buffer = try connection.makeBuffer(of: size, for: VK_BUFFER_USAGE_STORAGE_BUFFER_BIT)
    do throws(VulkanFailure) {
      memory = try unsafe connection.memory(for: buffer, in: device.ledger)
      let bytes = try unsafe memory.map()
      unsafe quads.withUnsafeBytes { unsafe bytes.copyMemory(from: $0) }
    } catch {
      unsafe connection.functions.destroyBuffer(connection.device, buffer, nil)
      throw error
    }
    try makeSets(of: textures, with: objects)
  }

  deinit {
    unsafe connection.functions.destroyDescriptorPool(connection.device, pool, nil)
    unsafe connection.functions.destroyBuffer(connection.device, buffer, nil)
  }

  private func makeSets(
    of textures: [VulkanTexture?], with objects: CanvasObjects
  ) throws(VulkanFailure) {
    if textures.isEmpty { return }
    unsafe (pool, sets) = try connection.makeSets(textures.count, of: objects.setLayout)
    for (index, texture) in textures.enumerated() {
      let image = unsafe VkDescriptorImageInfo(
        sampler: objects.sampler, imageView: texture?.planes[0].view ?? objects.blank.view,
        imageLayout: texture?.layout ?? OwnImage.layout)
      unsafe connection.bind(sets[index], to: image, and: buffer)
    }
  }
}

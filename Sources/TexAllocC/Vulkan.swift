public import CTexAlloc
internal import CVulkan
internal import Synchronization
internal import TexAlloc
internal import TexAllocVulkan

/// A device of the toolkit's, with what its caller may read.
final class HeldVulkan: Sendable {
  let gpu: VulkanDevice
  private let name, driver, version: CText

  init(_ gpu: VulkanDevice) {
    self.gpu = gpu
    name = CText(gpu.description.name)
    driver = CText(gpu.description.driver)
    version = CText(gpu.description.version)
    Log.write(TEXALLOC_LOG_INFO, "\(gpu.description)")
  }

  /// Its texts last as long as this.
  var info: texalloc_vulkan_info {
    let statistics = gpu.statistics
    var info = unsafe texalloc_vulkan_info()
    unsafe info.is_software = gpu.description.kind == .cpu
    unsafe info.is_lost = gpu.isLost
    unsafe info.name = name.pointer
    unsafe info.driver = driver.pointer
    unsafe info.version = version.pointer
    unsafe info.max_image_size = UInt32(clamping: gpu.description.maxImageSize)
    unsafe info.imports_host_memory = gpu.importsHostMemory
    unsafe info.imports_dma_bufs = gpu.importsDMABufs
    unsafe info.imported = UInt64(statistics.textures(.imported))
    unsafe info.transferred = UInt64(statistics.textures(.transferred))
    unsafe info.live_allocations = UInt64(statistics.liveAllocations)
    unsafe info.live_bytes = UInt64(statistics.liveBytes)
    return unsafe info
  }
}

/// Images of Vulkan with the reason for their route.
final class HeldVulkanTexture: Sendable {
  let texture: VulkanTexture
  private let reason: CText?

  init(_ texture: VulkanTexture) {
    self.texture = texture
    reason = texture.reason.map { CText($0) }
  }

  /// Its text lasts as long as this.
  var info: texalloc_vulkan_texture_info {
    let (layout, planes) = (texture.buffer.layout, texture.planes)
    var info = unsafe texalloc_vulkan_texture_info()
    unsafe info.width = UInt32(clamping: layout.width)
    unsafe info.height = UInt32(clamping: layout.height)
    unsafe info.plane_count = UInt32(planes.count)
    unsafe info.planes = four { index in
      planes.indices.contains(index) ? texalloc_vulkan_plane(planes[index]) : .init()
    }
    unsafe info.layout = texture.layout.rawValue
    unsafe info.route = texalloc_route(texture.route)
    unsafe info.reason = reason?.pointer
    unsafe info.has_mipmaps = texture.isMipmapped
    unsafe info.colour = texalloc_colour(layout.colour)
    return unsafe info
  }
}

extension texalloc_vulkan_options: SizedStruct {}
extension texalloc_vulkan_info: SizedStruct {}
extension texalloc_vulkan_texture_info: SizedStruct {}
extension texalloc_vulkan_converted: SizedStruct {}

extension texalloc_vulkan_plane {
  init(_ plane: VulkanTexture.Plane) {
    self.init(
      image: UInt64(UInt(bitPattern: unsafe plane.image)),
      view: UInt64(UInt(bitPattern: unsafe plane.view)), format: plane.format.rawValue,
      width: UInt32(clamping: plane.size.width), height: UInt32(clamping: plane.size.height))
  }
}

extension texalloc_vulkan_converted {
  fileprivate init(_ shown: VulkanTexture.Converted) {
    self.init()
    image = UInt64(UInt(bitPattern: unsafe shown.image))
    view = UInt64(UInt(bitPattern: unsafe shown.view))
    sampler = UInt64(UInt(bitPattern: unsafe shown.sampler))
    format = shown.format.rawValue
    width = UInt32(clamping: shown.size.width)
    height = UInt32(clamping: shown.size.height)
    descriptor_count = UInt32(shown.descriptorCount)
  }
}

/// How the caller keeps others from the queue: what it is given is its own to share among threads.
@safe private struct QueueLock: @unchecked Sendable {
  private let lock, unlock: (@convention(c) (UnsafeMutableRawPointer?) -> Void)?
  private let user: UnsafeMutableRawPointer?
  private let own = OwnLock()

  private final class OwnLock: Sendable {
    let mutex = Mutex(())
  }

  init(_ options: texalloc_vulkan_options) throws(Misuse) {
    unsafe lock = options.lock
    unsafe unlock = options.unlock
    unsafe user = options.user
    guard (unsafe lock == nil) == (unsafe unlock == nil) else {
      throw .argument("one of lock and unlock is NULL")
    }
  }

  func use(_ body: () -> Void) {
    guard let lock = unsafe lock, let unlock = unsafe unlock else {
      return own.mutex.withLock { _ in body() }
    }
    unsafe lock(user)
    body()
    unsafe unlock(user)
  }
}

extension VulkanToolkitDevice {
  fileprivate init(_ options: texalloc_vulkan_options) throws {
    func handle(
      _ pointer: UnsafeMutableRawPointer?, _ name: StaticString
    ) throws(Misuse) -> OpaquePointer {
      guard let pointer = unsafe pointer else { throw .argument("\(name) is NULL") }
      return OpaquePointer(pointer)
    }
    let names = try unsafe array(options.extensions, options.extension_count, "extensions")
    var extensions: Set<String> = []
    for index in unsafe names.indices {
      extensions.insert(try unsafe text(names[index], "an extension"))
    }
    let lock = try unsafe QueueLock(options)
    try unsafe self.init(
      instance: handle(options.instance, "instance"),
      physicalDevice: handle(options.physical_device, "physical_device"),
      device: handle(options.device, "device"), queue: handle(options.queue, "queue"),
      queueFamily: options.queue_family, extensions: extensions,
      convertsLumaAndChroma: options.converts_luma_and_chroma, lock: { lock.use($0) })
  }
}

@c @implementation
public func texalloc_vulkan_create(
  _ options: UnsafePointer<texalloc_vulkan_options>?,
  _ vulkan: UnsafeMutablePointer<OpaquePointer?>?
) -> texalloc_status {
  answer {
    let (room, options) = unsafe (try room(vulkan, for: "vulkan"), try passed(options))
    let gpu = try VulkanDevice(
      over: unsafe VulkanToolkitDevice(options), route: unsafe Route?(options.route))
    unsafe room.pointee = try Handles.vulkans.insert(HeldVulkan(gpu))
  }
}

@c @implementation
public func texalloc_vulkan_get_info(
  _ vulkan: OpaquePointer?, _ info: UnsafeMutablePointer<texalloc_vulkan_info>?
) -> texalloc_status {
  answer { unsafe try pass(Handles.vulkans.find(vulkan).info, to: info) }
}

@c @implementation
public func texalloc_vulkan_collect(_ vulkan: OpaquePointer?) -> texalloc_status {
  answer { try Handles.vulkans.find(vulkan).gpu.collect() }
}

@c @implementation
public func texalloc_vulkan_make_fence(
  _ vulkan: OpaquePointer?, _ fence: UnsafeMutablePointer<OpaquePointer?>?
) -> texalloc_status {
  answer {
    let room = try unsafe room(fence, for: "fence")
    let made = try Handles.vulkans.find(vulkan).gpu.makeFence()
    unsafe room.pointee = try Handles.fences.insert(HeldFence(made))
  }
}

@c @implementation
public func texalloc_vulkan_export_fence(
  _ vulkan: OpaquePointer?, _ descriptor: UnsafeMutablePointer<CInt>?
) -> texalloc_status {
  answer {
    let room = try unsafe room(descriptor, for: "descriptor")
    let fence = try Handles.vulkans.find(vulkan).gpu.exportFence()
    unsafe room.pointee = try fence.map { try $0.duplicate().release().rawValue } ?? passedFence
  }
}

@c @implementation
public func texalloc_vulkan_wait(_ vulkan: OpaquePointer?, _ fence: CInt) -> texalloc_status {
  answer {
    let gpu = try Handles.vulkans.find(vulkan).gpu
    if fence == passedFence { return }
    try gpu.waitOnGPU(for: syncFile(copying: fence))
  }
}

@c @implementation
public func texalloc_vulkan_lost(_ vulkan: OpaquePointer?) -> texalloc_status {
  answer { try Handles.vulkans.find(vulkan).gpu.deviceWasLost() }
}

@c @implementation
public func texalloc_vulkan_close(_ vulkan: OpaquePointer?) -> texalloc_status {
  answer {
    if unsafe vulkan == nil { return }
    try Handles.vulkans.find(vulkan).gpu.close()
    try Handles.vulkans.release(vulkan)
  }
}

@c @implementation
public func texalloc_vulkan_texture_create(
  _ vulkan: OpaquePointer?, _ buffer: OpaquePointer?, _ flags: UInt32,
  _ texture: UnsafeMutablePointer<OpaquePointer?>?
) -> texalloc_status {
  answer {
    let room = try unsafe room(texture, for: "texture")
    let gpu = try Handles.vulkans.find(vulkan).gpu
    let buffer = try Handles.buffer(buffer)
    guard flags & ~UInt32(TEXALLOC_WITH_MIPMAPS) == 0 else {
      throw Misuse.argument("flags: 0x\(String(flags, radix: 16))")
    }
    let texture = try gpu.texture(for: buffer, mipmapped: flags != 0)
    unsafe room.pointee = try Handles.vulkanTextures.insert(HeldVulkanTexture(texture))
  }
}

@c @implementation
public func texalloc_vulkan_texture_get_info(
  _ texture: OpaquePointer?, _ info: UnsafeMutablePointer<texalloc_vulkan_texture_info>?
) -> texalloc_status {
  answer { unsafe try pass(Handles.vulkanTextures.find(texture).info, to: info) }
}

@c @implementation
public func texalloc_vulkan_texture_contents_changed(
  _ texture: OpaquePointer?, _ firstRow: UInt32, _ rowCount: UInt32
) -> texalloc_status {
  answer {
    let texture = try Handles.vulkanTextures.find(texture).texture
    try texture.contentsChanged(rows: rows(rowCount, from: firstRow, of: texture.buffer))
  }
}

@c @implementation
public func texalloc_vulkan_texture_get_converted(
  _ texture: OpaquePointer?, _ converted: UnsafeMutablePointer<texalloc_vulkan_converted>?
) -> texalloc_status {
  answer {
    unsafe try requireRoom(in: converted)
    let texture = try Handles.vulkanTextures.find(texture).texture
    unsafe try pass(texalloc_vulkan_converted(texture.converted()), to: converted)
  }
}

@c @implementation
public func texalloc_vulkan_texture_take_barriers(
  _ texture: OpaquePointer?, _ barriers: UnsafeMutableRawPointer?,
  _ count: UnsafeMutablePointer<UInt32>?
) -> texalloc_status {
  answer {
    try unsafe pass(barriers, count, from: texture) { unsafe $0.takeBarriers() }
  }
}

@c @implementation
public func texalloc_vulkan_texture_take_release_barriers(
  _ texture: OpaquePointer?, _ barriers: UnsafeMutableRawPointer?,
  _ count: UnsafeMutablePointer<UInt32>?
) -> texalloc_status {
  answer {
    try unsafe pass(barriers, count, from: texture) { unsafe $0.takeReleaseBarriers() }
  }
}

/// - Parameters:
///   - barriers: Room for `TEXALLOC_VULKAN_BARRIERS`: a texture has an image a plane, and one of all.
///   - take: Is called when there is room.
private func pass(
  _ barriers: UnsafeMutableRawPointer?, _ count: UnsafeMutablePointer<UInt32>?,
  from texture: OpaquePointer?, _ take: (VulkanTexture) -> [VkImageMemoryBarrier]
) throws {
  guard let barriers = unsafe barriers else { throw Misuse.argument("barriers is NULL") }
  let count = try unsafe room(count, for: "count")
  let taken = try unsafe take(Handles.vulkanTextures.find(texture).texture)
  let places = unsafe barriers.bindMemory(
    to: VkImageMemoryBarrier.self, capacity: taken.count)
  for index in unsafe taken.indices { unsafe places[index] = taken[index] }
  unsafe count.pointee = UInt32(taken.count)
}

@c @implementation
public func texalloc_vulkan_texture_release(_ texture: OpaquePointer?) -> texalloc_status {
  answer { try Handles.vulkanTextures.release(texture) }
}

public import CTexAlloc
internal import Synchronization
internal import TexAlloc
internal import TexAllocJPEG
internal import TexAllocPNG
internal import TexAllocVulkan

/// A pool with the kinds of images that were asked of it first, since a caller states them at each allocation
/// anew.
final class HeldPool: Sendable {
  let pool: TexturePool
  /// Those that are there come first.
  private let kinds: InlineArray<16, LazyObject<ImageKind>>

  init(_ pool: TexturePool) {
    self.pool = pool
    kinds = InlineArray { _ in LazyObject() }
  }

  func descriptor(of image: UnsafePointer<texalloc_image>) throws(Misuse) -> ImageDescriptor {
    var descriptor = try unsafe kind(of: image).descriptor
    descriptor.width = unsafe Int(image.pointee.width)
    descriptor.height = unsafe Int(image.pointee.height)
    return descriptor
  }

  private func kind(of image: UnsafePointer<texalloc_image>) throws(Misuse) -> ImageKind {
    var place = 0
    while place < kinds.count, let kind = kinds[place].ifMade {
      if unsafe kind.isThat(of: image) { return kind }
      place += 1
    }
    let kind = unsafe try ImageKind(of: image.pointee)
    // Another thread's may be there by now.
    if place < kinds.count { _ = kinds[place].made { kind } }
    return kind
  }
}

/// What images have in common that differ in size.
private final class ImageKind: Sendable {
  private let formats: [UInt32]
  private let meaning: ImageMeaning
  let descriptor: ImageDescriptor

  /// - Throws: `Misuse` for what no header names.
  @unsafe init(of image: texalloc_image) throws(Misuse) {
    formats = try unsafe array(image.formats, image.format_count, "formats")
    meaning = unsafe ImageMeaning(of: image)
    let wanted = formats.map { Fourcc(rawValue: $0) }
    var writer = BufferAttributes.rowWriter(
      "application", of: wanted.isEmpty ? [.abgr8888] : wanted)
    if meaning.isPainted { writer.cpuUsage = [.randomWrite] }
    var descriptor = try unsafe ImageDescriptor(
      width: 0, height: 0, writtenBy: writer, colour: Colour(image.colour),
      alpha: Alpha(image.alpha))
    descriptor.sampling = try unsafe Sampling(image.sampling)
    self.descriptor = descriptor
  }

  func isThat(of image: UnsafePointer<texalloc_image>) -> Bool {
    guard unsafe formats.count == Int(image.pointee.format_count),
      unsafe meaning == ImageMeaning(of: image.pointee)
    else { return false }
    if formats.isEmpty { return true }
    guard let others = unsafe image.pointee.formats else { return false }
    return formats.indices.allSatisfy { unsafe formats[$0] == others[$0] }
  }
}

/// How a caller states an image, but for its formats.
private struct ImageMeaning: Equatable {
  let isPainted: Bool
  private let alpha, sampling, matrix, range, transfer, horizontalSiting, verticalSiting: UInt32

  @unsafe init(of image: texalloc_image) {
    unsafe isPainted = image.is_painted
    unsafe (alpha, sampling) = (image.alpha.rawValue, image.sampling.rawValue)
    let colour = unsafe image.colour
    (matrix, range) = (colour.matrix.rawValue, colour.range.rawValue)
    transfer = colour.transfer.rawValue
    horizontalSiting = colour.horizontal_siting.rawValue
    verticalSiting = colour.vertical_siting.rawValue
  }
}

extension texalloc_pool_limits: SizedStruct {}
extension texalloc_pool_options: SizedStruct {}
extension texalloc_pool_info: SizedStruct {}
extension texalloc_image: SizedStruct {}

@c @implementation
public func texalloc_pool_create(
  _ device: OpaquePointer?, _ options: UnsafePointer<texalloc_pool_options>?,
  _ pool: UnsafeMutablePointer<OpaquePointer?>?
) -> texalloc_status {
  answer {
    let (room, options) = unsafe (try room(pool, for: "pool"), try passed(options))
    var limits = PoolLimits()
    unsafe limits.apply(try passed(options.limits))
    var components: [any Component] = [JPEGDecoder.component, PNGDecoder.component]
    if unsafe device != nil { components.insert(try Handles.devices.find(device).gpu, at: 0) }
    if let vulkan = unsafe options.vulkan {
      let gpu = try Handles.vulkans.find(vulkan).gpu
      components.insert(gpu, at: 0)
      if unsafe options.is_for_conversion { components.append(gpu.conversion) }
    } else if unsafe options.is_for_conversion {
      throw Misuse.argument("is_for_conversion: vulkan is NULL")
    }
    components += try unsafe StatedComponent.all(in: options)
    if let peer = unsafe options.peer {
      components += try Handles.sockets.find(peer).participants.map(PeerComponent.init)
    }
    let heaps = try unsafe CalledHeap.all(in: options)
    let pool = try TexturePool(
      for: components, from: heaps.isEmpty ? nil : heaps + Heaps.present(for: components),
      limits: limits)
    unsafe room.pointee = try Handles.pools.insert(HeldPool(pool))
  }
}

@c @implementation
public func texalloc_pool_release(_ pool: OpaquePointer?) -> texalloc_status {
  answer { try Handles.pools.release(pool) }
}

@c @implementation
public func texalloc_pool_get_info(
  _ pool: OpaquePointer?, _ info: UnsafeMutablePointer<texalloc_pool_info>?
) -> texalloc_status {
  answer {
    let statistics = try Handles.pools.use(pool) { $0.pool.statistics }
    unsafe try pass(
      texalloc_pool_info(
        struct_size: 0, slabs: UInt32(clamping: statistics.slabs),
        slots: UInt32(clamping: statistics.slots),
        waiting_slots: UInt32(clamping: statistics.waitingSlots),
        slab_bytes: UInt64(statistics.slabBytes), resident_bytes: UInt64(statistics.residentBytes),
        slot_bytes: UInt64(statistics.slotBytes)), to: info)
  }
}

@c @implementation
public func texalloc_pool_set_limits(
  _ pool: OpaquePointer?, _ limits: UnsafePointer<texalloc_pool_limits>?
) -> texalloc_status {
  answer {
    let pool = try Handles.pools.find(pool).pool
    var all = pool.limits
    unsafe all.apply(try passed(limits))
    pool.limits = all
  }
}

@c @implementation
public func texalloc_pool_trim(_ pool: OpaquePointer?, _ bytes: UInt64) -> texalloc_status {
  answer { try Handles.pools.find(pool).pool.trim(to: Int(clamping: bytes)) }
}

@c @implementation
public func texalloc_pool_allocate(
  _ pool: OpaquePointer?, _ image: UnsafePointer<texalloc_image>?, _ flags: UInt32,
  _ buffer: UnsafeMutablePointer<OpaquePointer?>?
) -> texalloc_status {
  answer {
    let room = try unsafe room(buffer, for: "buffer")
    let buffer = try Handles.pools.use(pool) { pool in
      guard let image = unsafe image else { throw Misuse.argument("image is NULL") }
      return try unsafe withPassed(image) { image in
        let name = try unsafe image.pointee.name.map { try unsafe text($0, "name") } ?? "image"
        let descriptor = try unsafe pool.descriptor(of: image)
        let flags = try AllocationFlags(checking: flags)
        if unsafe image.pointee.patience == 0 {
          return try pool.pool.allocate(descriptor, for: flags, named: name)
        }
        let patience = unsafe Duration.nanoseconds(Int64(clamping: image.pointee.patience))
        return try pool.pool.allocate(
          descriptor, for: flags, named: name, waiting: .until(.now + patience))
      }
    }
    unsafe room.pointee = try Handles.buffers.insert(HeldBuffer(buffer))
  }
}

extension PoolLimits {
  /// Takes over what is not zero.
  fileprivate mutating func apply(_ limits: texalloc_pool_limits) {
    if limits.first_slab > 0 { firstSlab = Int(clamping: limits.first_slab) }
    if limits.largest_slab > 0 { largestSlab = Int(clamping: limits.largest_slab) }
    if limits.budget > 0 { budget = Int(clamping: limits.budget) }
    if limits.prefault > 0 { prefault = Int(clamping: limits.prefault) }
  }
}

extension AllocationFlags {
  /// By its bits, since each allocation looks: those from FOR_TEXTURE to MIPMAPPED, CPU_READ to REWRITTEN.
  private static var known: AllocationFlags { AllocationFlags(rawValue: 0x1F7F) }

  /// - Throws: `Misuse` for what no header names.
  init(checking flags: UInt32) throws(Misuse) {
    self.init(rawValue: flags)
    guard Self.known.isSuperset(of: self) else {
      throw .argument("flags: \(subtracting(Self.known)) of \(self)")
    }
  }
}

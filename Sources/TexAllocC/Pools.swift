public import CTexAlloc
internal import Synchronization
internal import TexAlloc
internal import TexAllocJPEG
internal import TexAllocPNG

/// A pool with the kinds of images that were asked of it.
final class HeldPool: Sendable {
  let pool: TexturePool
  /// What a caller states at each allocation anew, and hardly ever differently.
  private let kinds = Mutex<[ImageKind]>([])

  init(_ pool: TexturePool) { self.pool = pool }

  @unsafe func descriptor(
    of image: texalloc_image
  ) throws(Misuse) -> ImageDescriptor {
    var descriptor = try unsafe kind(of: image).descriptor
    (descriptor.width, descriptor.height) = unsafe (Int(image.width), Int(image.height))
    return descriptor
  }

  @unsafe private func kind(of image: texalloc_image) throws(Misuse) -> ImageKind {
    let known = kinds.withLock { kinds in kinds.first { unsafe $0.isThat(of: image) } }
    if let known { return known }
    let kind = unsafe try ImageKind(of: image)
    kinds.withLock { kinds in
      if kinds.count == Self.limit { kinds.removeLast() }
      kinds.insert(kind, at: 0)
    }
    return kind
  }

  private static let limit = 16
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

  @unsafe func isThat(of image: texalloc_image) -> Bool {
    guard unsafe formats.count == Int(image.format_count) && meaning == ImageMeaning(of: image)
    else { return false }
    if formats.isEmpty { return true }
    guard let others = unsafe image.formats else { return false }
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
      components.insert(try Handles.vulkans.find(vulkan).gpu, at: 0)
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
  answer { _ = try Handles.pools.remove(pool) }
}

@c @implementation
public func texalloc_pool_get_info(
  _ pool: OpaquePointer?, _ info: UnsafeMutablePointer<texalloc_pool_info>?
) -> texalloc_status {
  answer {
    let statistics = try Handles.pools.find(pool).pool.statistics
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
    let pool = try Handles.pools.find(pool)
    guard let image = unsafe image else { throw Misuse.argument("image is NULL") }
    let wanted = try unsafe passed(image)
    let name = try unsafe wanted.name.map { try unsafe text($0, "name") } ?? "image"
    let buffer = try pool.pool.allocate(
      unsafe pool.descriptor(of: wanted), for: AllocationFlags(checking: flags), named: name,
      waiting: unsafe wanted.patience == 0
        ? .never : .until(.now + .nanoseconds(Int64(clamping: wanted.patience))))
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

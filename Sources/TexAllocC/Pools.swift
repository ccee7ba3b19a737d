public import CTexAlloc
internal import TexAlloc
internal import TexAllocJPEG
internal import TexAllocPNG

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
    unsafe room.pointee = try Handles.pools.insert(TexturePool(for: components, limits: limits))
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
    let statistics = try Handles.pools.find(pool).statistics
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
    let pool = try Handles.pools.find(pool)
    var all = pool.limits
    unsafe all.apply(try passed(limits))
    pool.limits = all
  }
}

@c @implementation
public func texalloc_pool_trim(_ pool: OpaquePointer?, _ bytes: UInt64) -> texalloc_status {
  answer { try Handles.pools.find(pool).trim(to: Int(clamping: bytes)) }
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
    let buffer = try pool.allocate(
      unsafe ImageDescriptor(wanted), for: AllocationFlags(checking: flags), named: name,
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

extension ImageDescriptor {
  fileprivate init(_ image: texalloc_image) throws(Misuse) {
    let formats = try unsafe array(image.formats, image.format_count, "formats")
      .map { Fourcc(rawValue: $0) }
    var writer = BufferAttributes.rowWriter(
      "application", of: formats.isEmpty ? [.abgr8888] : formats)
    if unsafe image.is_painted { writer.cpuUsage = [.randomWrite] }
    try unsafe self.init(
      width: Int(image.width), height: Int(image.height), writtenBy: writer,
      colour: Colour(image.colour), alpha: Alpha(image.alpha))
    sampling = try unsafe Sampling(image.sampling)
  }
}

extension AllocationFlags {
  private static let known: AllocationFlags = [
    .texture, .renderTarget, .scanout, .capture, .encode, .decode, .mipmapped, .cpuRead, .dedicated,
    .zeroed, .exportable, .rewritten,
  ]

  /// - Throws: `Misuse` for what no header names.
  init(checking flags: UInt32) throws(Misuse) {
    self.init(rawValue: flags)
    guard Self.known.isSuperset(of: self) else {
      throw .argument("flags: \(subtracting(Self.known)) of \(self)")
    }
  }
}

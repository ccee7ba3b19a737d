/// The allocator of a toolkit: ordinary memory for most images, texture memory for those with a flag.
///
/// ```swift
/// let images = try ImageAllocator(for: [gpu, JPEGDecoder.component])
/// let icon = try images.allocate(descriptor, for: .texture)
/// ```
///
/// Any thread may allocate.
public final class ImageAllocator: Sendable {
  /// Where images come from that devices use.
  public let pool: TexturePool

  /// - Parameters: As of ``TexturePool``.
  public init(
    for components: [any Component], from heaps: [any Heap]? = nil,
    limits: PoolLimits = PoolLimits()
  ) throws(AllocationError) {
    pool = try TexturePool(for: components, from: heaps, limits: limits)
  }

  /// Memory for one image.
  ///
  /// - Parameters:
  ///   - image: Its size, and who writes it.
  ///   - flags: Without any device's use, and without `exportable`, the memory is ordinary: pages of
  ///     the process, laid out for the writer alone. With `cpuRead`, one more participant that reads
  ///     takes part in choosing the heap.
  ///   - name: For reports.
  /// - Throws: `AllocationError`; nothing is left allocated.
  public func allocate(
    _ image: ImageDescriptor, for flags: AllocationFlags = [], named name: String = "image"
  ) throws(AllocationError) -> TextureBuffer {
    if flags.deviceUsage.isEmpty && !flags.contains(.exportable) {
      return try allocateOrdinary(image, flags, named: name)
    }
    return try pool.allocate(image, for: flags, named: name)
  }

  private func allocateOrdinary(
    _ image: ImageDescriptor, _ flags: AllocationFlags, named name: String
  ) throws(AllocationError) -> TextureBuffer {
    let merged: MergedAttributes
    do {
      merged = try BufferAttributes.merging(
        [image.writer, OrdinaryMemory.attributes]
          + CPUAccess.participants(inImageOf: image.writer, for: flags),
        image: image.size, in: image.table)
    } catch {
      throw AllocationError(error)
    }
    let layout = try image.meaning(of: merged.layout)
    let buffer = TextureBuffer(
      name: name, layout: layout,
      in: try OrdinaryMemory(size: layout.size, for: Set(merged.cpuUsage)), at: 0)
    if flags.contains(.zeroed) { buffer.fillWithZeroes() }
    return buffer
  }
}

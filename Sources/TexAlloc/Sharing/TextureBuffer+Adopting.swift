public import SystemPackage

extension TextureBuffer {
  /// Takes memory that the application allocated, so that devices register it as they do our own: a
  /// dma-buf, or a memfd. The descriptor is duplicated; the application's own stays its own.
  ///
  /// A memfd that can shrink would end the process at the next access, so it is sealed against that,
  /// for good, unless it is sealed already. A dma-buf cannot shrink.
  ///
  /// Nothing is known of where the application's pages were: a device compares the pixels that it
  /// shows with a trial image of the same heap where there is such a heap here, else with those of the
  /// buffer where it is mapped for reading, and should not be written meanwhile; else it takes the
  /// buffer unchecked, and says so.
  ///
  /// - Parameters:
  ///   - descriptor: Open for reading; for writing too where it is to be written or sealed.
  ///   - layout: Of one of the linear formats of ``Fourcc/planes``. Its planes lie within its size,
  ///     and all of it within the memory.
  ///   - offset: Bytes from the start of the memory to the image.
  ///   - cpuUsage: What the CPU will do with it; it is mapped for that, and for nothing else. To be
  ///     written (`sequentialWrite`), its rows are whole lines of ``PlaneWriter/lineSize``.
  ///   - heap: Where the memory came from, if the application knows better than the kernel tells,
  ///     which is always so for a DRM driver: `drm-dumb:vgem`, `gbm`.
  ///   - caching: How a mapping of it is cached, likewise.
  ///   - name: For errors and reports.
  /// - Throws: `AdoptionRefused` with the field, what it must be and what it is.
  public convenience init(
    adopting descriptor: FileDescriptor, _ layout: ImageLayout, at offset: Int = 0,
    mappedFor cpuUsage: Set<CPUUsage> = [], heap: String? = nil, caching: Caching? = nil,
    named name: String = "adopted"
  ) throws(AdoptionRefused) {
    let file = try AdoptedFile(descriptor, named: name)
    try AdoptionCheck(name: name, layout: layout, offset: offset, memorySize: file.size)
      .check(for: cpuUsage)
    let memory: AdoptedMemory
    do {
      memory = try AdoptedMemory(
        file, mappedFor: cpuUsage, heap: heap, caching: caching, named: name)
    } catch {
      throw .failed(error)
    }
    self.init(name: name, layout: layout, in: memory, at: offset)
  }
}

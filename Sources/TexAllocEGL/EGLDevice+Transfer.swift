internal import Synchronization
public import TexAlloc

extension EGLDevice {
  /// The device's own mapped buffers, measured when first asked for.
  ///
  /// - Throws: What the driver lacks, each time the same.
  package func mappedBuffers() throws(EGLFailure) -> MappedBuffers {
    try madeBuffers.withLock { known in
      if let known { return known }
      let made = Result { () throws(EGLFailure) in
        try MappedBuffers(of: connection.driver, on: maker, until: loss)
      }
      known = made
      return made
    }.get()
  }

  /// The one of the device's mapped buffers that an image lies in: its own, or one over memory that it
  /// opened; nil where it lies elsewhere.
  func mappedBuffer(of buffer: TextureBuffer) -> MappedBuffer? {
    if let own = buffer.slab?.companion(MappedBuffer.ofSlab) {
      return own.context === maker ? own : nil
    }
    return (try? openedMemory(of: buffer))?.buffer
  }
}

/// Memory of other APIs of the same GPU.
extension EGLDevice {
  /// Has pools of this device take memory of another API of the same GPU, Vulkan's for one: on a discrete
  /// GPU that is memory of its own, which OpenGL does not map.
  ///
  /// ```swift
  /// let vulkan = try VulkanDevice.headless()
  /// try gpu.open(vulkan.sharedHeaps)
  /// let pool = try TexturePool(for: [gpu, JPEGDecoder.component])
  /// ```
  ///
  /// Where the driver has textures whose rows lie one behind the other, images are sampled where the CPU
  /// writes them, and such memory is all that is imported; elsewhere the GPU copies from it, before it does
  /// from the driver's own.
  /// To be called before the pools are made, once.
  ///
  /// - Throws: `EGLFailure`, unsupported where the context lacks `GL_EXT_memory_object_fd`, where a heap shares
  ///   its memory with nobody, or is another GPU's; or where the device is closed or lost. It is as it was
  ///   before then.
  public func open(_ heaps: [any Heap]) throws(EGLFailure) {
    try requireLife(for: "open")
    let functions = try maker.run { () throws(EGLFailure) in try MemoryObjects() }
    let found = try heaps.map { heap throws(EGLFailure) in
      let slab: Slab
      do throws(SystemFailure) { slab = try heap.makeSlab(of: 2 * pageSize) } catch {
        throw .failed(error.operation, "\(error)")
      }
      guard let memory = slab.companion(ExportedMemory.ofSlab) else {
        throw .unsupported(heap.name, "no other API opens its memory")
      }
      return try maker.run { () throws(EGLFailure) in
        try textures(of: memory, of: slab, by: functions)
      }
    }
    guard let first = found.first else { return }
    // Others than the best are worth no second way.
    let alike = zip(heaps, found).filter { $0.1 == first }.map(\.0)
    letGoOfOpenedMemory()
    opened.withLock { $0 = OpenedHeaps(heaps: alike, textures: first, functions: functions) }
  }

  /// Closes what was opened, which slabs of others keep: where the context goes.
  func letGoOfOpenedMemory() {
    let slabs = opened.withLock { opened in
      defer { opened = nil }
      return opened?.slabs ?? []
    }
    for slab in slabs { slab.slab?.removeCompanion(openedSlabs) }
  }

  /// How the driver has textures in a slab that nobody else uses; nil where it has buffers only. On the
  /// maker's thread.
  private func textures(
    of memory: ExportedMemory, of slab: Slab, by functions: MemoryObjects
  ) throws(EGLFailure) -> LinearTextures? {
    do throws(EGLFailure) {
      let opened = try OpenedMemory(memory, of: slab, by: functions, on: maker)
      let found = try LinearTextures.found(in: opened, of: slab, by: maker.texelFetch())
      if let found { return found }
    } catch  where error.cause != .unsupported {}
    _ = try OpenedMemory(memory, of: slab, asBuffer: true, by: functions, on: maker)
    return nil
  }

  /// Whether a buffer lies in memory of another API, and such memory was opened.
  func isOpened(_ buffer: TextureBuffer) -> Bool {
    buffer.slab?.companion(ExportedMemory.ofSlab) != nil && opened.withLock { $0 != nil }
  }

  /// What was made of the memory of another API that a buffer lies in; nil for all others.
  func openedMemory(of buffer: TextureBuffer) throws(EGLFailure) -> OpenedMemory? {
    guard let opened = opened.withLock({ $0 }), let slab = buffer.slab,
      let memory = slab.companion(ExportedMemory.ofSlab)
    else { return nil }
    return try slab.companion(openedSlabs) { () throws(EGLFailure) in
      self.opened.withLock { $0?.remember(slab) }
      return try maker.run { () throws(EGLFailure) in
        try OpenedMemory(
          memory, of: slab, asBuffer: opened.textures == nil, by: opened.functions, on: maker)
      }
    }
  }

  /// The same for a buffer that is sampled where it lies.
  func openedTextures(of buffer: TextureBuffer) -> OpenedMemory? {
    guard let memory = try? openedMemory(of: buffer), memory.buffer == nil else { return nil }
    return memory
  }

  /// Those whose memory is sampled where it lies, or those that the GPU copies from.
  func openedHeaps(asTextures: Bool) -> [any Heap] {
    guard let opened = opened.withLock({ $0 }) else { return [] }
    return (opened.textures != nil) == asTextures ? opened.heaps : []
  }

  /// What it samples where it lies in memory that was opened; nil where it samples none so.
  func openedOffer() -> RouteOffer? {
    guard let attributes = openedAttributes() else { return nil }
    return RouteOffer(attributes, heaps: openedHeaps(asTextures: true))
  }

  private func openedAttributes() -> BufferAttributes? {
    guard let textures = opened.withLock({ $0?.textures }) else { return nil }
    var attributes = copying
    attributes.heaps = openedHeaps(asTextures: true).map(\.name)
    attributes.deviceUsage = [.sample]
    attributes.formats?.removeAll { (formats[$0.fourcc] ?? []).count != 1 }
    attributes.pitchAlignment = textures.pitchAlignment
    // Drivers work on some rows at a time.
    attributes.heightAlignment = 4
    // More than any slab has, where there is no offset but 0.
    attributes.offsetAlignment = textures.takesOffsets ? pageSize : 1 << 31
    return attributes
  }

  /// Sees to it that an image lies as the driver has it.
  func requirePlace(
    of buffer: TextureBuffer, in memory: OpenedMemory
  ) throws(RegistrationRefused) {
    guard let attributes = openedAttributes(), let alignment = attributes.pitchAlignment
    else { return }
    try attributes.accept(buffer)
    let (wanted, held) = (
      buffer.layout.rowSize(ofPlane: 0).roundedUp(toMultipleOf: alignment),
      buffer.layout.planes[0].pitch
    )
    guard wanted == held else {
      throw refusal(.pitch, "pitchAlignment", wanted: "a pitch of \(wanted)", held: "\(held)")
    }
  }
}

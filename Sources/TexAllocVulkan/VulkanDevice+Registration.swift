internal import CVulkan
internal import Synchronization
public import TexAlloc

extension VulkanDevice {
  /// Makes a buffer a texture without any copy on the CPU: an image bound at its place in the memory, or,
  /// where the buffer was allocated to be transferred, one of the GPU's own into which it copies.
  ///
  /// Nothing is given to the queue for an import, except for the first buffer of a kind, which is checked:
  /// what the GPU shows of a trial image of the same kind must be what was written. The memory of a slab is imported
  /// once; where that is by its address, the slab keeps all of its pages from then on.
  ///
  /// - Throws: `RegistrationRefused` with what the device wanted, and what the buffer is.
  public func register(_ buffer: TextureBuffer) throws(RegistrationRefused) -> VulkanTexture {
    if let known = try enter(for: buffer, mipmapped: false) { return known }
    defer { leave() }
    try buffer.requireContents(for: name)
    if let demandedRoute, demandedRoute != .imported {
      return try transfer(buffer, mipmapped: false, because: "\(demandedRoute) was demanded")
    }
    if buffer.route == .transferred {
      return try transfer(
        buffer, mipmapped: buffer.wantsMipmaps, because: buffer.plan?.obstacle ?? "it was planned")
    }
    if let known = try knownImages(of: buffer) {
      return try enter(
        VulkanTexture(
          .imported(known), of: buffer, on: self, .imported, because: nil, check: .trial))
    }
    // Room behind the image is wanted of a pool; whether there is enough, its place in the memory tells.
    var wanted = attributes
    (wanted.heightAlignment, wanted.sizeAlignment) = (nil, nil)
    try wanted.accept(buffer)
    let formats = try planeFormats(of: buffer.layout)
    let check = try verify(buffer, on: .imported)
    let images = try makeImages(of: buffer, formats)
    if check == .trial { buffer.slab?.companion(slabs)?.remember(images, of: buffer) }
    return try enter(
      VulkanTexture(
        .imported(images), of: buffer, on: self, .imported, because: nil, check: check))
  }

  /// As ``makeFence()``, for those who know no Vulkan.
  public func endOfUses() throws(RegistrationRefused) -> any Fence {
    do { return try makeFence() } catch {
      throw refusal(
        cause(of: error, or: .fence), "fence", wanted: "a fence", held: "\(error)")
    }
  }

  /// How Vulkan calls the planes of an image.
  func planeFormats(of layout: ImageLayout) throws(RegistrationRefused) -> [PlaneFormat] {
    if layout.sampling == .asLight, layout.colour.transfer != .sRGB {
      throw refusal(
        .sampling, "sampling", wanted: "\(Sampling.asStored), or the transfer of sRGB",
        held: "\(layout.sampling), \(layout.colour.transfer)")
    }
    if let formats = PlaneFormat.planes(layout.shapes, sampling: layout.sampling) {
      return formats
    }
    throw layout.sampling == .asLight
      ? refusal(
        .sampling, "sampling", wanted: "\(Sampling.asStored)",
        held: "\(layout.sampling) of \(layout.format)")
      : refusal(
        .format, "formats", wanted: "one that Vulkan has", held: "\(layout.format)")
  }

  /// Images of the planes of a buffer, where they lie.
  func makeImages(
    of buffer: TextureBuffer, _ formats: [PlaneFormat]
  ) throws(RegistrationRefused) -> [LinearImage] {
    var made: [LinearImage] = []
    for (index, format) in formats.enumerated() {
      guard let rule = images.rule(for: format) else {
        throw refusal(
          .format, "formats", wanted: "one that is sampled linear", held: "\(buffer.layout.format)")
      }
      let (memory, place) = try memory(ofPlane: index, of: buffer, for: rule.memory)
      let held = buffer.layout.planes[index]
      let plane = LinearPlane(
        format: format, size: buffer.layout.texels(ofPlane: index), offset: held.offset,
        pitch: held.pitch)
      do {
        made.append(try LinearImage(plane, at: place, in: memory, by: images))
      } catch {
        throw refusal(error, for: buffer)
      }
    }
    return made
  }

  /// The memory that a plane lies in as the device sees it, and where in it the plane begins.
  func memory(
    ofPlane index: Int, of buffer: TextureBuffer, for use: SuitableMemory
  ) throws(RegistrationRefused) -> (DeviceMemory, place: Int) {
    let layout = buffer.layout
    do throws(VulkanFailure) {
      if let slab = buffer.slab {
        return (
          try slabImages(of: slab, for: use).memory, buffer.offset + layout.planes[index].offset
        )
      }
      let place = buffer.place(ofPlane: index)
      guard let descriptor = place.descriptor else {
        throw .unsupported("import", "memory that has no descriptor")
      }
      return (try importer.memory(of: descriptor, for: use), place.offset)
    } catch {
      throw refusal(
        cause(of: error, or: .importFailed), "import",
        wanted: "memory of \(buffer.heap ?? "an unknown heap")", held: "\(error)")
    }
  }

  /// What the device keeps with a slab, whose memory is imported when first needed, unless it is the
  /// device's own.
  func slabImages(
    of slab: Slab, for use: SuitableMemory
  ) throws(VulkanFailure) -> SlabImages {
    try slab.companion(slabs) { () throws(VulkanFailure) in
      let memory: DeviceMemory
      if let own = slab.companion(DeviceMemory.ofSlab), own.connection === connection {
        memory = own
      } else {
        // What uses it next may be of another kind.
        memory = try importer.memory(of: slab, for: use.preferring(images.commonMemoryTypes))
        // The device goes on using the pages that it was given.
        slab.keepPages()
      }
      state.withLock { state in
        state.slabs.removeAll { $0.slab == nil }
        state.slabs.append(WeakSlab(slab))
      }
      return SlabImages(memory)
    }
  }

  /// As ``enter(_:)``, for calls that make a texture.
  ///
  /// - Returns: The one of that kind that the buffer has, if it lives. The call is over then, and not entered.
  func enter(
    for buffer: TextureBuffer, mipmapped: Bool
  ) throws(RegistrationRefused) -> VulkanTexture? {
    let key = vulkanTextureKey(buffer, mipmapped: mipmapped)
    let (phase, known) = state.withLock { state in
      let known = state.phase == .open ? state.textures[key]?.texture : nil
      if state.phase == .open, known == nil { calls.add(1, ordering: .relaxed) }
      return (state.phase, known)
    }
    guard phase == .open else { throw closed }
    if isLost {
      if known == nil { leave() }
      throw lost
    }
    return known
  }

  /// Images of a buffer that lies where another lay, or like another, in memory that is known; nil where that
  /// is not so.
  private func knownImages(of buffer: TextureBuffer) throws(RegistrationRefused) -> [LinearImage]? {
    guard let slab = buffer.slab?.companion(slabs), let (kind, kept) = slab.find(for: buffer) else {
      return nil
    }
    if let kept {
      state.withLock { $0.statistics.reusedImages += 1 }
      return kept
    }
    do throws(LinearImageRefused) {
      return try kind.planes.map { plane throws(LinearImageRefused) in
        try LinearImage(plane, at: buffer.offset + plane.offset, in: slab.memory, by: images)
      }
    } catch { throw refusal(error, for: buffer) }
  }

  /// Enters a new texture in the table, unless another thread was faster.
  ///
  /// - Throws: Where the device was closed meanwhile.
  func enter(_ texture: VulkanTexture) throws(RegistrationRefused) -> VulkanTexture {
    let key = vulkanTextureKey(texture.buffer, mipmapped: texture.isMipmapped)
    // What goes because it came second goes outside of the lock.
    let entered: VulkanTexture? = state.withLock { state in
      guard state.phase == .open else { return nil }
      let before = state.textures.updateValue(WeakVulkanTexture(texture), forKey: key)
      if let before, let first = before.texture {
        state.textures[key] = before
        return first
      }
      state.fresh.append(key)
      state.statistics.count(texture.content)
      return texture
    }
    guard let entered else { throw closed }
    return entered
  }

  private var closed: RegistrationRefused {
    refusal(.closed, "device", wanted: "one that is open", held: "it was closed")
  }

  private var lost: RegistrationRefused {
    refusal(.lost, "device", wanted: "one that is there", held: "it is lost")
  }

  /// What a failure of the driver's says of the buffer; a loss is noted.
  func cause(
    of failure: VulkanFailure, or other: RegistrationRefused.Cause
  ) -> RegistrationRefused.Cause {
    noteLoss(failure)
    return switch failure.cause {
    case .lost: .lost
    case .closed: .closed
    case .outOfMemory, .timedOut: .trial
    default: other
    }
  }

  func refusal(
    _ cause: RegistrationRefused.Cause, _ field: String, wanted: String, held: String
  ) -> RegistrationRefused {
    RegistrationRefused(cause, by: name, field: field, wanted: wanted, held: held)
  }

  func refusal(
    _ error: LinearImageRefused, for buffer: TextureBuffer
  ) -> RegistrationRefused {
    switch error {
    case .pitch(let wanted, let held):
      return refusal(.pitch, "pitch", wanted: "the driver's own, \(wanted)", held: "\(held)")
    case .offset(let wanted, let held):
      return refusal(
        .offset, "offsetAlignment", wanted: "a multiple of \(wanted)", held: "\(held)")
    case .size(let wanted, let held):
      return refusal(.size, "size", wanted: "memory of \(wanted) bytes", held: "\(held)")
    case .extent(let wanted, let held):
      return refusal(
        .size, "width, height", wanted: wanted, held: "\(held.width)x\(held.height)")
    case .memoryType(let type):
      return refusal(
        .heap, "heaps", wanted: "memory that such images can lie in", held: "\(type)")
    case .failed(let failure):
      return refusal(
        cause(of: failure, or: .importFailed), "import",
        wanted: "\(buffer.layout.format) of \(buffer.heap ?? "an unknown heap")",
        held: "\(failure)")
    }
  }

  /// As ``enter(_:)``, for calls that refuse a buffer.
  func enter() throws(RegistrationRefused) {
    do throws(VulkanFailure) { try enter("register") } catch {
      throw error.cause == .lost ? lost : closed
    }
  }
}

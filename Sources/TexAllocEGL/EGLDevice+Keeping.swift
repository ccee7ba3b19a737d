internal import CEGL
internal import Synchronization
internal import SystemPackage
internal import TexAlloc

extension EGLDevice.State {
  /// All that is kept, which is then nobody's.
  mutating func takeAllKept() -> [TextureObjects] {
    kept.removeOldest(downTo: 0) + keptTextures.removeAll()
  }
}

extension EGLDevice {
  /// A texture of what is kept for the place of a buffer; nil where that is nothing. OpenGL hears of it only
  /// where another context has kept it.
  func takeKeptTexture(
    of buffer: TextureBuffer, in here: ContextGroup.Member
  ) throws(RegistrationRefused) -> Texture? {
    let taken = state.withLock { state in
      let taken = state.kept.take(for: buffer)
      if taken != nil { state.statistics.reusedImages += 1 }
      return taken
    }
    guard let (objects, context) = taken else { return nil }
    if context != here.serial {
      var bindings = TextureBindings()
      defer { bindings.restore() }
      reset(objects, by: &bindings)
    }
    let texture = Texture(
      objects, of: buffer, on: self, .imported, because: .other(objects.reason), check: .trial)
    try enter(texture, in: here)
    return texture
  }

  /// Keeps what can be used again of textures that are gone, as new as it was.
  ///
  /// - Returns: What cannot, and what is too much.
  func keep(_ retired: [RetiredTexture], in here: ContextGroup.Member) -> [TextureObjects] {
    let goneSlabs = goneSlabs.take()
    do {
      var bindings = TextureBindings()
      defer { bindings.restore() }
      var known: Slab.ID?
      for texture in retired where texture.isKept || texture.isKeptCopy(in: here) {
        reset(
          texture.objects, by: &bindings, mipmapped: texture.isMipmapped, texture.formats)
        guard texture.isKept, let slab = texture.buffer.slab, slab.id != known else { continue }
        _ = slab.companion(slabs) { KnownSlab(slab.id, tellingTo: self.goneSlabs) }
        known = slab.id
      }
    }
    return state.withLock { state in
      var others: [TextureObjects] = []
      if !goneSlabs.isEmpty { others += state.kept.removeAll(in: goneSlabs) }
      for texture in retired {
        if texture.isKept {
          let before = state.kept.keep(texture.objects, of: texture.buffer, in: here.serial)
          if let before { others.append(before) }
        } else if texture.isKeptCopy(in: here) {
          others += state.keptTextures.keep(
            texture.objects, of: texture.buffer.layout, mipmapped: texture.isMipmapped,
            in: here.serial)
        } else {
          others.append(texture.objects)
        }
      }
      // Half of the images that may live, so that there is room for new ones.
      return others + state.kept.removeOldest(downTo: imageLimit.images / 2)
    }
  }

  /// Has textures sample as new ones do.
  private func reset(
    _ objects: TextureObjects, by bindings: inout TextureBindings, mipmapped: Bool = false,
    _ formats: [UploadFormat] = []
  ) {
    let target = objects.form.target
    for (index, part) in objects.parts.enumerated() {
      bindings.bind(part.name, to: target)
      resetSampling(
        target, mipmapped: mipmapped, isOneLevel: !objects.showsBuffer && !mipmapped, samplingExtras
      )
      if index < formats.count { formats[index].setSwizzle() }
      if part.image != nil, objects.form == .image, importer?.decodesOnDemand == true {
        glTexParameteri(target, GLenum(GL_TEXTURE_SRGB_DECODE_EXT), GL_DECODE_EXT)
      }
    }
  }

  /// Textures of the GPU's own, used before, for a copy of an image; nil where there are none.
  func takeKeptTextures(
    of layout: ImageLayout, mipmapped: Bool, in here: ContextGroup.Member
  ) -> TextureObjects? {
    let shape = KeptTextures.Shape(of: layout, mipmapped: mipmapped, in: here.serial)
    return state.withLock { $0.keptTextures.take(shape) }
  }

  /// Makes room for new images; answers whether there was anything to let go of.
  func letGoOfKeptImages() -> Bool {
    let oldest = state.withLock { $0.kept.removeOldest(downTo: $0.kept.count * 3 / 4) }
    destroy(oldest)
    return !oldest.isEmpty
  }
}

/// What an import must not exceed: the numbers that EGL takes, and the images and descriptors of a process.
extension EGLDevice {
  /// EGL takes numbers of 32 bits.
  func checkNumbers(of buffer: TextureBuffer) throws(RegistrationRefused) {
    let limit = Int(Int32.max)
    for (index, plane) in buffer.layout.planes.enumerated() {
      let numbers: [(RegistrationRefused.Cause, Int)] = [
        (.offset, buffer.place(ofPlane: index).offset), (.pitch, plane.pitch),
      ]
      for (cause, value) in numbers where value > limit {
        throw refusal(cause, cause.rawValue, wanted: "at most \(limit)", held: "\(value)")
      }
    }
  }

  func reserveImages(_ count: Int) throws(RegistrationRefused) {
    let limit = imageLimit.images
    /// How many are in the way; nil where there is room.
    func reserve() -> Int? {
      state.withLock { state in
        guard state.liveImages + count <= limit else { return state.liveImages }
        state.liveImages += count
        return nil
      }
    }
    var live = reserve()
    if live != nil, letGoOfKeptImages() { live = reserve() }
    if let live {
      throw refusal(
        .descriptors, "images", wanted: "fewer than \(limit) alive at once", held: "\(live)")
    }
  }

  /// A new descriptor has the lowest number that is free: about as many are open.
  func checkDescriptors(with buffer: TextureBuffer) throws(RegistrationRefused) {
    guard let descriptor = buffer.place(ofPlane: 0).descriptor else { return }
    let limit = imageLimit.openDescriptors
    let lowest: Int
    do {
      let duplicate = try OwnedDescriptor(duplicating: descriptor, named: buffer.name)
      lowest = Int(duplicate.descriptor.rawValue)
    } catch {
      throw refusal(.descriptors, "images", wanted: "a descriptor", held: "\(error)")
    }
    guard lowest < limit else {
      throw refusal(
        .descriptors, "images", wanted: "fewer than \(limit) descriptors open",
        held: "\(lowest) or more")
    }
  }
}

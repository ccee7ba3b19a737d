internal import CEGL
internal import Synchronization
internal import TexAlloc

extension EGLDevice.State {
  /// All that is kept, which is then nobody's.
  mutating func takeAllKept() -> [TextureObjects] {
    kept.removeOldest(downTo: 0) + keptTextures.removeAll()
  }
}

extension EGLDevice {
  /// A texture of what is kept for the place of a buffer; nil where that is nothing.
  func takeKeptTexture(
    of buffer: TextureBuffer, in here: ContextGroup.Member
  ) throws(RegistrationRefused) -> Texture? {
    guard let slab = buffer.slab?.companion(slabs) else { return nil }
    let taken = state.withLock { state in
      let objects = state.kept.take(for: buffer, in: slab)
      if objects != nil { state.statistics.reusedImages += 1 }
      return objects
    }
    guard let objects = taken else { return nil }
    let target = objects.form.target
    for part in objects.parts {
      withTextureBound(part.name, to: target) {
        resetSampling(target)
        if objects.form == .image, importer?.decodesOnDemand == true {
          glTexParameteri(target, GLenum(GL_TEXTURE_SRGB_DECODE_EXT), GL_DECODE_EXT)
        }
      }
    }
    let texture = Texture(
      objects, of: buffer, on: self, .imported, because: objects.reason, check: .trial)
    try enter(texture, in: here)
    return texture
  }

  /// Keeps what can be used again of textures that are gone.
  ///
  /// - Returns: What cannot, and what is too much.
  func keep(_ retired: [RetiredTexture], in here: ContextGroup.Member) -> [TextureObjects] {
    let goneSlabs = goneSlabs.take()
    let places = retired.map { texture in
      texture.isKept
        ? texture.buffer.slab?.companion(slabs) { KnownSlab(tellingTo: self.goneSlabs) } : nil
    }
    return state.withLock { state in
      var others: [TextureObjects] = []
      if !goneSlabs.isEmpty { others += state.kept.removeAll(in: goneSlabs) }
      for (texture, slab) in zip(retired, places) {
        let layout = texture.buffer.layout
        // One that undoes the transfer may have been told not to; what another context may still draw is not
        // written in this one.
        if !texture.objects.showsBuffer, layout.sampling == .asStored, texture.users == here.set {
          others += state.keptTextures.keep(
            texture.objects, of: layout, mipmapped: texture.isMipmapped, in: here.serial)
          continue
        }
        guard let slab else {
          others.append(texture.objects)
          continue
        }
        if let before = state.kept.keep(texture.objects, of: texture.buffer, in: slab) {
          others.append(before)
        }
      }
      // Half of the images that may live, so that there is room for new ones.
      return others + state.kept.removeOldest(downTo: imageLimit.images / 2)
    }
  }

  /// Textures of the GPU's own, used before, for a copy of an image; nil where there are none.
  func takeKeptTextures(
    of layout: ImageLayout, _ formats: [UploadFormat], mipmapped: Bool,
    in here: ContextGroup.Member
  ) -> TextureObjects? {
    let shape = KeptTextures.Shape(of: layout, mipmapped: mipmapped, in: here.serial)
    guard let objects = state.withLock({ $0.keptTextures.take(shape) }) else { return nil }
    for (part, format) in zip(objects.parts, formats) {
      withTextureBound(part.name) {
        resetSampling(mipmapped: mipmapped)
        format.setSwizzle()
      }
    }
    return objects
  }

  /// Makes room for new images; answers whether there was anything to let go of.
  func letGoOfKeptImages() -> Bool {
    let oldest = state.withLock { $0.kept.removeOldest(downTo: $0.kept.count * 3 / 4) }
    destroy(oldest)
    return !oldest.isEmpty
  }
}

internal import CEGL
internal import Synchronization
internal import TexAlloc

extension EGLDevice.State {
  /// All that is kept, which is then nobody's.
  mutating func takeAllKept() -> [TextureObjects] {
    kept.removeOldest(downTo: 0)
      + keptTextures.removeAll().map { TextureObjects(name: $0, image: nil) }
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
    withTextureBound(objects.name) {
      resetSampling()
      if importer?.decodesOnDemand == true {
        glTexParameteri(
          GLenum(GL_TEXTURE_2D), GLenum(GL_TEXTURE_SRGB_DECODE_EXT), GL_DECODE_EXT)
      }
    }
    let texture = Texture(
      of: buffer, on: self, name: objects.name, image: objects.image, .imported, because: nil,
      check: .trial)
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
        if texture.objects.image == nil, layout.sampling == .asStored, texture.users == here.set {
          others += state.keptTextures.keep(
            texture.objects.name, of: layout, mipmapped: texture.isMipmapped, in: here.serial
          ).map { TextureObjects(name: $0, image: nil) }
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

  /// A texture of the GPU's own, used before, for a copy of an image; nil where there is none.
  func takeKeptTexture(
    of layout: ImageLayout, _ format: UploadFormat, mipmapped: Bool, in here: ContextGroup.Member
  ) -> GLuint? {
    let shape = KeptTextures.Shape(of: layout, mipmapped: mipmapped, in: here.serial)
    guard let name = state.withLock({ $0.keptTextures.take(shape) }) else { return nil }
    withTextureBound(name) {
      resetSampling(mipmapped: mipmapped)
      format.setSwizzle()
    }
    return name
  }

  /// Makes room for new images; answers whether there was anything to let go of.
  func letGoOfKeptImages() -> Bool {
    let oldest = state.withLock { $0.kept.removeOldest(downTo: $0.kept.count * 3 / 4) }
    destroy(oldest)
    return !oldest.isEmpty
  }
}

internal import CEGL
internal import Synchronization
internal import TexAlloc

extension EGLDevice {
  /// Frees what the GPU held of textures that nobody holds any more: once a frame, on the thread where
  /// the context is current. Their slots return to the pool when everything drawn so far is done.
  ///
  /// - Throws: `EGLFailure` where no fence can be made; everything then waits for the next time.
  public func collect() throws(EGLFailure) {
    guard context.isCurrent else {
      throw .failed("collect", "the device's context is not current on this thread")
    }
    let framebuffers = state.withLock { state in
      defer { state.retiredFramebuffers = [] }
      return state.retiredFramebuffers
    }
    unsafe glDeleteFramebuffers(GLsizei(framebuffers.count), framebuffers)
    guard state.withLock({ !$0.retired.isEmpty }) else { return }
    let fence = try fences.makeFence(on: connection)
    let retired = state.withLock { state in
      defer { state.retired = [] }
      return state.retired
    }
    for texture in retired { texture.buffer.hold(until: fence) }
    unsafe glDeleteTextures(GLsizei(retired.count), retired.map(\.name))
    // Mesa finds the newest image at once, and searches for the others.
    var images = 0
    for texture in retired.reversed() where texture.destroyImage(importer, connection) {
      images += 1
    }
    state.withLock { $0.liveImages -= images }
  }

  /// Takes over what is left of a texture, on whatever thread its last holder let go of it.
  func retire(_ texture: RetiredTexture, of buffer: TextureBuffer.ID) {
    state.withLock { state in
      state.retired.append(texture)
      // A look through the weak reference could make this the last holder of a newer texture.
      if state.textures[buffer]?.name == texture.name { state.textures[buffer] = nil }
    }
  }

  func countUpload(of bytes: Int) {
    state.withLock { $0.statistics.bytesUploaded += bytes }
  }
}

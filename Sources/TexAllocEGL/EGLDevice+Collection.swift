internal import CEGL
internal import Synchronization
internal import TexAlloc

extension EGLDevice {
  /// Frees what the GPU held of textures that nobody holds any more: once a frame, on the thread where
  /// the context is current. Their slots return to the pool when everything drawn so far is done.
  ///
  /// Where the context is lost, there is nothing left to do.
  ///
  /// - Throws: `EGLFailure` where no fence can be made; everything then waits for the next time.
  public func collect() throws(EGLFailure) {
    if isLost { return }
    try requireContext(for: "collect")
    let framebuffers = state.withLock { state in
      defer { state.retiredFramebuffers = [] }
      return state.retiredFramebuffers
    }
    unsafe glDeleteFramebuffers(GLsizei(framebuffers.count), framebuffers)
    guard state.withLock({ !$0.retired.isEmpty }) else { return }
    let fence = try fences.makeFence(on: connection, until: loss)
    let retired = state.withLock { state in
      defer { state.retired = [] }
      return state.retired
    }
    for texture in retired { texture.buffer.hold(until: fence) }
    unsafe glDeleteTextures(GLsizei(retired.count), retired.map(\.name))
    destroyImages(of: retired)
  }

  /// Takes over what is left of a texture, on whatever thread its last holder let go of it.
  func retire(_ texture: RetiredTexture, of buffer: TextureBuffer.ID) {
    let isLost = state.withLock { state in
      // A look through the weak reference could make this the last holder of a newer texture.
      if state.textures[buffer]?.name == texture.name { state.textures[buffer] = nil }
      if !loss.hasHappened { state.retired.append(texture) }
      return loss.hasHappened
    }
    if isLost { destroyImages(of: [texture]) }
  }

  func countUpload(of bytes: Int) {
    state.withLock { $0.statistics.bytesUploaded += bytes }
  }
}

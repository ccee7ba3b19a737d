internal import CEGL
internal import Synchronization
internal import TexAlloc

extension EGLDevice {
  /// Whether the context is lost. Nothing can be registered with the device any more.
  public var isLost: Bool { loss.hasHappened }

  /// Tells that the context is lost, as a toolkit learns from `EGL_CONTEXT_LOST` or from
  /// `glGetGraphicsResetStatus`: what the GPU held goes, and nothing else.
  ///
  /// Its fences count as passed, so that slots which only the GPU still used return to their pools.
  /// Buffers that somebody holds keep their memory and pixels, to be registered with the next device;
  /// this one's textures go without any call of OpenGL. Any thread may tell.
  public func contextWasLost() {
    let retired = state.withLock { state in
      loss.happen()
      defer { (state.retired, state.retiredFramebuffers) = ([], []) }
      return state.retired
    }
    destroyImages(of: retired)
  }

  /// Gives back the EGLImages of textures that are gone, the newest first: Mesa finds that at once,
  /// and searches for the others.
  func destroyImages(of retired: [RetiredTexture]) {
    var images = 0
    for texture in retired.reversed() where texture.destroyImage(importer, connection) {
      images += 1
    }
    state.withLock { $0.liveImages -= images }
  }
}

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
    // A texture of the GPU's own has its pixels; their copy has a fence already.
    for texture in retired where texture.image != nil { texture.buffer.hold(until: fence) }
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

  func countCopy(of bytes: Int, on route: Route) {
    state.withLock { $0.statistics.bytes[route, default: 0] += bytes }
  }
}

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

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
  /// Buffers that somebody holds keep their memory and pixels, to be registered with the next device, but
  /// for those that lay in memory of this one's own, which are `TextureBuffer.isLost`; their memory
  /// stays mapped until they are let go of. The device's textures go without any call of OpenGL. Any thread
  /// may tell; the device finds out by itself where OpenGL answers a call of its own with
  /// `GL_CONTEXT_LOST`.
  public func contextWasLost() {
    let (retired, kept) = state.withLock { state in
      loss.happen()
      defer {
        state.retired = []
        state.retiredFramebuffers = [:]
      }
      return (state.retired, state.takeAllKept())
    }
    destroyImages(of: retired.map(\.objects) + kept)
    letGoOfOpenedMemory()
  }

  /// Gives back the EGLImages of textures that are gone, the newest first: Mesa finds that at once,
  /// and searches for the others.
  func destroyImages(of textures: [TextureObjects]) {
    let images = textures.flatMap(\.parts).reversed().compactMap(\.image)
    for image in images { importer?.destroy(image, on: connection) }
    state.withLock { $0.liveImages -= images.count }
  }
}

extension EGLDevice {
  /// Frees what the GPU held of textures that nobody holds any more: once a frame, on the thread where
  /// the context is current. Their slots return to the pool when everything drawn so far is done; where
  /// further contexts have joined, when each that used the texture has collected and is done.
  ///
  /// The EGLImage of an imported texture stays with its place in the slab, for the next image that lies
  /// there in the same way, until the pool gives up the slab or too many are kept. Textures of the GPU's
  /// own are kept for copies of the same size and format, 32 MiB of them at most. What was set of how they are
  /// sampled is forgotten; the state of OpenGL stays as it was.
  ///
  /// Where the context is lost, there is nothing left to do.
  ///
  /// - Returns: The names of the textures that are gone for this context, for renderers that remember what
  ///   they have bound: other textures are to have them.
  /// - Throws: `EGLFailure` where no fence can be made; everything then waits for the next time.
  @discardableResult
  public func collect() throws(EGLFailure) -> [UInt32] {
    if isLost { return [] }
    let here: ContextGroup.Member
    do { here = try requireContext(for: "collect") } catch  where error.cause == .lost { return [] }
    state.withLock { $0.retiredFramebuffers.removeValue(forKey: here.serial) }?.delete()
    try sealCopies(in: here)
    let (retired, left) = state.withLock { ($0.takeRetired(in: here), $0.contexts.left) }
    // A texture of the GPU's own has its pixels; their copy has a fence already.
    if retired.contains(where: { $0.objects.showsBuffer }) {
      // Behind what was taken: others may be let go of meanwhile, on any thread.
      let fence: EGLFence
      do { fence = try fences.makeFence(on: connection, until: loss) } catch {
        let isLost = state.withLock { state in
          if !loss.hasHappened { state.takeBack(retired, from: here) }
          return loss.hasHappened
        }
        if isLost { destroyImages(of: retired.map(\.objects)) }
        throw error
      }
      for texture in retired where texture.objects.showsBuffer {
        texture.buffer.hold(until: fence)
        for (set, fence) in left where !set.isDisjoint(with: texture.users) {
          texture.buffer.hold(until: fence)
        }
      }
    }
    // Those that other contexts have used wait for them, too.
    let gone = state.withLock { state in loss.hasHappened ? retired : state.putBack(retired) }
    destroy(keep(gone, in: here))
    return retired.flatMap { $0.objects.parts.lazy.map(\.name) }
  }

  /// Lets go of what is kept for images to come, on the thread where the context is
  /// current: where memory or descriptors run short.
  ///
  /// - Throws: `EGLFailure` where the context is not current.
  public func trim() throws(EGLFailure) {
    if isLost { return }
    try requireContext(for: "trim")
    destroy(state.withLock { $0.takeAllKept() })
  }

  func destroy(_ textures: [TextureObjects]) {
    if textures.isEmpty { return }
    let names = textures.flatMap(\.names)
    unsafe glDeleteTextures(GLsizei(names.count), names)
    destroyImages(of: textures)
  }

  /// Takes over what is left of a texture, on whatever thread its last holder let go of it.
  func retire(_ texture: RetiredTexture) {
    let isLost = state.withLock { state in
      if state.isClosed { return false }  // it went with the device
      // A look through the weak reference could make this the last holder of a newer texture.
      if var live = state.textures.removeValue(forKey: texture.buffer.id) {
        if live[texture.isMipmapped]?.objects.name == texture.objects.name {
          live[texture.isMipmapped] = nil
        }
        if !live.isEmpty { state.textures[texture.buffer.id] = live }
      }
      if !loss.hasHappened { state.retired.append(texture) }
      return loss.hasHappened
    }
    if isLost { destroyImages(of: [texture.objects]) }
  }

  func countCopy(of bytes: Int, on route: Route) {
    state.withLock { $0.statistics.bytes[route] += bytes }
  }
}

extension EGLDevice {
  /// Whether the device was closed.
  public var isClosed: Bool { state.withLock { $0.isClosed } }

  /// Ends the device while its context lives, on the thread where that is current: waits for the GPU,
  /// then takes down all textures and framebuffers, those that somebody still holds among them. What is
  /// held of them afterwards keeps its buffer and shows nothing; every later call is refused as closed.
  ///
  /// A toolkit that is about to destroy its context calls it. Closing twice, or after a loss, does
  /// nothing.
  ///
  /// - Throws: `EGLFailure` where the context is not current on this thread, where further contexts are
  ///   joined, or the GPU is not done in ten seconds: then all stays as it is.
  public func close() throws(EGLFailure) {
    if isClosed || isLost { return }
    let here = try requireContext(for: "close")
    let (isAlone, left) = state.withLock { ($0.contexts.isAlone, $0.contexts.left) }
    guard isAlone else {
      throw EGLFailure(
        cause: .joined, operation: "close", reason: "further contexts are joined; they leave first")
    }
    try sealCopies(in: here)
    let fence = try fences.makeFence(on: connection, until: loss)
    let deadline = ContinuousClock.now + .seconds(10)
    guard (left.map(\.fence) + [fence]).allSatisfy({ $0.wait(until: deadline) }) else {
      throw .failed("eglClientWaitSync", "the GPU is not done after ten seconds")
    }
    lookAtCopies()
    let (textures, framebuffers) = state.withLock { state in
      state.isClosed = true
      defer { (state.textures, state.retired) = ([:], []) }
      return (
        state.textures.values.flatMap(\.all).map(\.objects) + state.retired.map(\.objects)
          + state.takeAllKept(),
        state.takeFramebuffers(of: here)
      )
    }
    framebuffers.delete()
    destroy(textures)
    // A trial may be using its own.
    let programs = finishingTrial.withLock { _ in finishings.withLock { $0.takeAllPrograms() } }
    for programs in programs { programs.delete() }
    letGoOfOpenedMemory()
    marker.delete()
  }
}

extension EGLDevice {
  /// Is given the errors (`GL_INVALID_ENUM`…) that OpenGL held when one of our calls began, which that call
  /// takes away: they are of what the application did before. On the thread of the call. Calls that cannot
  /// leave an error themselves, as registering where an import is kept, leave those that are there.
  public var onPendingErrors: (@Sendable ([UInt32]) -> Void)? {
    get { state.withLock { $0.onPendingErrors } }
    set { state.withLock { $0.onPendingErrors = newValue } }
  }

  func tellPendingErrors(for operation: String) throws(EGLFailure) {
    let errors = takeGLErrors()
    if errors.isEmpty { return }
    if errors.contains(lostContextError) {
      contextWasLost()
      try requireLife(for: operation)
    }
    onPendingErrors?(errors)
  }
}

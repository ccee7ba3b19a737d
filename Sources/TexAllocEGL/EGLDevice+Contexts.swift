internal import CEGL
internal import Glibc
internal import Synchronization
package import TexAlloc

extension EGLDevice {
  /// Has the device's calls work in the context that is current on this thread, too: another window's of the
  /// toolkit, or one that only makes textures. It shares with the device's, which a buffer tells that is
  /// known there by its contents. Joining twice changes nothing.
  ///
  /// From then on every call works in any of these contexts on its thread. A texture may be made in one and
  /// drawn in others; each says ``Texture/use()`` before it draws what another has made, and calls
  /// ``collect()`` once a frame: a slot returns after a fence of each that used it. A ``RenderTarget`` stays
  /// with the context that it was made in, as framebuffers do.
  ///
  /// - Throws: `EGLFailure`: `wrongThread` where no context is current, `unsupported` where it is too old,
  ///   `notShared` where it is of another share group, display or API.
  public func join() throws(EGLFailure) {
    try requireLife(for: "join")
    guard let handle = ContextHandle.current else {
      throw EGLFailure(
        cause: .wrongThread, operation: "join", reason: "no context is current on this thread")
    }
    if state.withLock({ $0.contexts.current() }) != nil { return }
    let version = try ContextTraits.current().version
    guard version.api == traits.version.api, unsafe connection.display == eglGetCurrentDisplay()
    else {
      throw EGLFailure(
        cause: .notShared, operation: "join",
        reason: "it is of \(version) and the device's of \(traits.version), or of another display")
    }
    // What the marker would take away; the loss of a context that is a stranger is not the device's.
    let errors = takeGLErrors()
    if errors.contains(lostContextError) { throw .failed("join", "the context was lost") }
    if !errors.isEmpty { onPendingErrors?(errors) }
    guard marker.isKnownHere() else {
      throw EGLFailure(
        cause: .notShared, operation: "join",
        reason: "what was made in the device's context is not known in it")
    }
    forgetPassedFences()
    guard state.withLock({ $0.contexts.join(handle) }) else {
      throw .failed("join", "64 contexts have joined, or left with fences that have not passed")
    }
  }

  /// Ends what the device has to do with the context that is current on this thread, which its owner may
  /// destroy then: before that. Framebuffers of the device go with it, and render targets of it are of no use
  /// any more. Textures stay. The context that the device was opened for may leave like any other.
  ///
  /// - Throws: `EGLFailure` where no context of the device is current on this thread, or where it is the only
  ///   one: that is what ``close()`` is for.
  public func leave() throws(EGLFailure) {
    let here = try requireContext(for: "leave")
    guard !state.withLock({ $0.contexts.isAlone }) else {
      throw .failed("leave", "the device has no other context; close it")
    }
    try sealCopies(in: here)
    // Shares with the first, which may be about to go.
    if here.handle.isSame(as: context) { try? maker.run {} }
    let fence = try fences.makeFence(on: connection, until: loss)
    let (framebuffers, textures) = state.withLock { state in
      state.contexts.leave(here, fence)
      return (state.takeFramebuffers(of: here), state.keptTextures.remove(of: here.serial))
    }
    framebuffers.delete()
    destroy(textures)
    finishings.withLock { $0.programs.removeValue(forKey: here.serial) }?.delete()
  }

  /// How many contexts its calls work in.
  public var contextCount: Int { state.withLock { $0.contexts.members.count } }

  private func forgetPassedFences() {
    let passed = state.withLock { $0.contexts.left }.map(\.fence).filter(\.hasPassed)
    state.withLock { $0.contexts.forget(passed) }
  }
}

extension EGLDevice {
  /// - Throws: A refusal where the device has ended, or none of its contexts is current on this thread.
  package func requireContext() throws(RegistrationRefused) { _ = try contextHere() }

  /// As ``requireContext(for:)``, for what registers.
  func contextHere() throws(RegistrationRefused) -> ContextGroup.Member {
    do { return try requireContext(for: "register") } catch { throw refusal(of: error) }
  }

  /// As ``silentContext(for:)``, for what registers.
  func silentContextHere() throws(RegistrationRefused) -> ContextGroup.Member {
    do { return try silentContext(for: "register") } catch { throw refusal(of: error) }
  }

  /// What a call with a silent context does before it may leave an error in OpenGL.
  func tellPendingErrors() throws(RegistrationRefused) {
    do { try tellPendingErrors(for: "register") } catch { throw refusal(of: error) }
  }

  private func refusal(of failure: EGLFailure) -> RegistrationRefused {
    switch failure.cause {
    case .lost:
      refusal(.lost, "context", wanted: "one that lives", held: "one that was lost")
    case .closed:
      refusal(.closed, "device", wanted: "an open one", held: "a closed one")
    default:
      refusal(
        .wrongThread, "context", wanted: "the device's own, current on this thread",
        held: ContextHandle.current == nil ? "none" : "another")
    }
  }

  /// The device's context that is current on this thread, for a call that may leave an error in OpenGL: those
  /// that are there already are told.
  @discardableResult
  func requireContext(for operation: String) throws(EGLFailure) -> ContextGroup.Member {
    let (here, needsFence) = try currentMember(for: operation)
    try tellPendingErrors(for: operation)
    if needsFence { try makeEarlyFence(of: here) }
    return here
  }

  /// The same for a call that leaves none: the application's stay where they are, and OpenGL is not asked for
  /// any, which takes a real driver long.
  func silentContext(for operation: String) throws(EGLFailure) -> ContextGroup.Member {
    let (here, needsFence) = try currentMember(for: operation)
    if needsFence { try makeEarlyFence(of: here) }
    return here
  }

  private func currentMember(
    for operation: String
  ) throws(EGLFailure) -> (ContextGroup.Member, needsFence: Bool) {
    let (member, needsFence, isClosed) = state.withLock { state in
      let member = state.contexts.current()
      return (member, member.map { state.contexts.needsEarlyFence($0) } == true, state.isClosed)
    }
    if isClosed || isLost { try requireLife(for: operation) }
    guard let member else {
      throw EGLFailure(
        cause: .wrongThread, operation: operation,
        reason: "the device's context is not current on this thread")
    }
    return (member, needsFence)
  }

  func requireLife(for operation: String) throws(EGLFailure) {
    if isLost {
      throw EGLFailure(cause: .lost, operation: operation, reason: "the device's context was lost")
    }
    if isClosed {
      throw EGLFailure(cause: .closed, operation: operation, reason: "the device was closed")
    }
  }

  fileprivate func makeEarlyFence(of member: ContextGroup.Member) throws(EGLFailure) {
    let fence = try fences.makeFence(on: connection, until: loss)
    state.withLock { $0.contexts.setEarly(fence, of: member) }
  }

  /// A fence behind the textures that a context made while it was the only one; nil where there are none, or
  /// all have long been made.
  ///
  /// The context makes it at its next call; where a thread has several contexts, it is made here.
  fileprivate func earlyFence(of serial: UInt64) throws(EGLFailure) -> EGLFence? {
    let deadline = ContinuousClock.now + .seconds(2)
    repeat {
      let (known, owner) = state.withLock { state in
        (state.contexts.early[serial], state.contexts.member(serial))
      }
      guard let known else { return nil }
      if let fence = known { return fence }
      if let owner, owner.wasLastSeenHere {
        try owner.handle.whileCurrent { () throws(EGLFailure) in try makeEarlyFence(of: owner) }
      } else {
        usleep(1000)
      }
    } while ContinuousClock.now < deadline
    throw .failed("use", "the context that made the texture has called nothing of the device since")
  }
}

/// What contexts have done with a texture.
struct TextureUse {
  /// Those that may draw it.
  var users: ContextSet = []
  /// Those in which everything is to be seen that was last done to it.
  var upToDate: ContextSet = []
  /// The context that did that, and the fence behind it; nil where no other context was there.
  var maker: UInt64 = 0
  var fence: EGLFence?
}

extension Texture {
  /// Says that the context that is current on this thread draws the texture from now on, and has it wait, on
  /// the GPU, for what another context did to it last. To be called before each use in a context that has not
  /// made the texture itself; where nothing was done to it since, it costs next to nothing.
  ///
  /// Registering the buffer in such a context does the same.
  ///
  /// - Throws: `EGLFailure` where no context of the device is current on this thread; where the one that made
  ///   the texture before others joined has not called the device since, after two seconds.
  public func use() throws(EGLFailure) { try use(in: device.silentContext(for: "use")) }

  func use(in here: ContextGroup.Member) throws(EGLFailure) {
    let (isUpToDate, maker, fence) = uses.withLock { use in
      use.users.insert(here.set)
      return (use.upToDate.contains(here.set), use.maker, use.fence)
    }
    if isUpToDate { return }
    let toPass = if let fence { fence } else { try device.earlyFence(of: maker) }
    if let toPass { try device.fences.wait(for: toPass, on: device.connection) }
    uses.withLock { use in
      if use.fence === fence { use.upToDate.insert(here.set) }
    }
  }

  /// Says that the context that is current has made the texture what it is: the others wait for that.
  func wasMade(in here: ContextGroup.Member) throws(EGLFailure) {
    let fence =
      here.isAlone ? nil : try device.fences.makeFence(on: device.connection, until: device.loss)
    uses.withLock { use in
      use.users.insert(here.set)
      (use.upToDate, use.maker, use.fence) = (here.set, here.serial, fence)
    }
  }
}

extension EGLDevice.State {
  /// Those behind which a context is to put its fence now, or no context any more.
  mutating func takeRetired(in here: ContextGroup.Member) -> [RetiredTexture] {
    if contexts.isAlone {
      defer { retired = [] }
      return retired
    }
    let all = contexts.all
    var due: [RetiredTexture] = []
    retired.removeAll { texture in
      guard texture.isDue(in: here, of: all) else { return false }
      texture.awaited.subtract(here.set)
      due.append(texture)
      return true
    }
    return due
  }

  /// Has those wait for their context again that it took and put no fence behind.
  mutating func takeBack(_ textures: [RetiredTexture], from here: ContextGroup.Member) {
    for texture in textures { texture.awaited.insert(here.set) }
    retired += textures
  }

  /// Has those wait that other contexts have used.
  ///
  /// - Returns: The rest.
  mutating func putBack(_ textures: [RetiredTexture]) -> [RetiredTexture] {
    if contexts.isAlone { return textures }
    func isAwaited(_ texture: RetiredTexture) -> Bool {
      !texture.awaited.isDisjoint(with: contexts.all)
    }
    retired += textures.filter(isAwaited)
    return textures.filter { !isAwaited($0) }
  }

  /// All framebuffers of a context, which render targets then lack.
  mutating func takeFramebuffers(of here: ContextGroup.Member) -> Framebuffers {
    var all = retiredFramebuffers.removeValue(forKey: here.serial) ?? Framebuffers()
    for (key, target) in targets where key.context == here.serial {
      all.append(target.framebuffer, target.renderbuffer)
      targets[key] = nil
    }
    return all
  }
}

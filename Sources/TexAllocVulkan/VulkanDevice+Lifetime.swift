internal import CVulkan
internal import Synchronization
internal import TexAlloc

extension VulkanDevice {
  /// Whether the device is lost. Nothing can be registered with it any more.
  public var isLost: Bool { connection.loss.hasHappened }

  /// Tells that the device is lost, as a toolkit learns from `VK_ERROR_DEVICE_LOST`: what the GPU held goes,
  /// and nothing else.
  ///
  /// Its fences count as passed, so that slots which only the GPU still used return to their pools.
  /// Buffers that somebody holds keep their memory and pixels, to be registered with the next device, but
  /// for those that lay in memory of this one's own, which are `TextureBuffer.isLost`; their memory
  /// stays mapped until they are let go of. The device finds out by itself where a call of its own is
  /// answered so.
  public func deviceWasLost() {
    connection.loss.happen()
    guard enterUnlessClosed() else { return }
    defer { leave() }
    // They go outside of the lock.
    _ = state.withLock { state in
      defer { (state.retired, state.doomed) = ([], []) }
      return (state.retired, state.doomed)
    }
  }

  func noteLoss(_ failure: VulkanFailure) { if failure.cause == .lost { deviceWasLost() } }

  /// The end of everything that the queue was given so far. ``collect()`` makes one for textures by
  /// itself.
  ///
  /// - Throws: `VulkanFailure`.
  public func makeFence() throws(VulkanFailure) -> VulkanFence {
    try enter("makeFence")
    defer { leave() }
    do { return try work.fence() } catch {
      noteLoss(error)
      throw error
    }
  }

  /// Brings new textures into their layout, and frees what the GPU held of textures that nobody holds any
  /// more: once a frame, before the frame's commands are submitted. Slots return to the pool when
  /// everything that the queue was given so far is done.
  ///
  /// The images of a texture that was imported stay with their place in the slab, for the next image that
  /// lies there in the same way.
  ///
  /// - Throws: `VulkanFailure`; everything then waits for the next time, unless the device is lost.
  public func collect() throws(VulkanFailure) {
    guard enterUnlessClosed() else { return }
    defer { leave() }
    try collectAll()
  }

  /// As ``collect()``, of a device that is not closed meanwhile.
  private func collectAll() throws(VulkanFailure) {
    // Others may have found out.
    if isLost { return deviceWasLost() }
    let (fresh, textures, retired) = state.withLock { state in
      defer { (state.fresh, state.retired) = ([], []) }
      return (state.fresh, state.fresh.compactMap { state.textures[$0]?.texture }, state.retired)
    }
    let unprepared = textures.flatMap(\.preparable).filter(\.wantsBarriers)
    let left = retired.flatMap(\.preparable).filter(\.wantsReleases)
    var releases = unsafe [VkImageMemoryBarrier]()
    var fence: VulkanFence?
    do {
      if !unprepared.isEmpty || !left.isEmpty {
        fence = try unsafe work.submit(preparing: unprepared) { list, barriers in
          unsafe prepare(barriers, in: list)
          unsafe releases = left.flatMap { unsafe $0.takeReleases() }
          unsafe giveBack(releases, in: list)
        }
      } else if !retired.isEmpty {
        fence = try work.fence()
      }
    } catch {
      for content in left { unsafe content.putBack(releases) }
      noteLoss(error)
      if !isLost {
        state.withLock { state in
          state.fresh = fresh + state.fresh
          state.retired = retired + state.retired
        }
      }
      throw error
    }
    if let fence {
      for texture in retired {
        if case .imported = texture.content { texture.buffer.hold(until: fence) }
      }
      let gone = retired.flatMap { keep($0, until: fence) }
      state.withLock { state in
        if !connection.loss.hasHappened { state.doomed += gone }
      }
    }
    removeDoomed()
  }

  /// Keeps what can be used again of a texture that is gone.
  ///
  /// - Returns: What cannot.
  private func keep(
    _ retired: RetiredTexture, until fence: VulkanFence
  ) -> [(things: any Sendable, until: VulkanFence)] {
    if case .transferred(let images) = retired.content {
      let gone = state.withLock { $0.keptImages.keep(images) }
      return gone.isEmpty ? [] : [((gone, retired.buffer), fence)]
    }
    let whole = retired.whole.map { [(($0, retired.buffer) as any Sendable, fence)] } ?? []
    guard case .imported(let images) = retired.content, retired.isKept,
      let slab = retired.buffer.slab?.companion(slabs)
    else {
      return whole + [((retired.content, retired.buffer), fence)]
    }
    let gone = slab.keep(images, of: retired.buffer, until: fence)
    return whole + (gone.isEmpty ? [] : [((gone, retired.buffer), fence)])
  }

  /// Lets go of what the queue is done with, outside of the lock.
  private func removeDoomed() {
    _ = state.withLock { state in
      let count = state.doomed.prefix { $0.until.hasPassed }.count
      defer { state.doomed.removeFirst(count) }
      return Array(state.doomed.prefix(count))
    }
  }

  /// After all that the queue was given before.
  @unsafe private func giveBack(_ barriers: [VkImageMemoryBarrier], in list: VkCommandBuffer) {
    if unsafe barriers.isEmpty { return }
    unsafe connection.functions.pipelineBarrier(
      list, VK_PIPELINE_STAGE_ALL_COMMANDS_BIT.rawValue,
      VK_PIPELINE_STAGE_BOTTOM_OF_PIPE_BIT.rawValue, 0, 0, nil, 0, nil, UInt32(barriers.count),
      barriers)
  }

  @unsafe private func prepare(_ barriers: [VkImageMemoryBarrier], in list: VkCommandBuffer) {
    if unsafe barriers.isEmpty { return }
    unsafe connection.functions.pipelineBarrier(
      list, VK_PIPELINE_STAGE_HOST_BIT.rawValue, VK_PIPELINE_STAGE_ALL_COMMANDS_BIT.rawValue, 0, 0,
      nil, 0, nil, UInt32(barriers.count), barriers)
  }

  /// Takes over what is left of a texture, on whatever thread its last holder let go of it.
  func retire(_ texture: RetiredTexture) {
    state.withLock { state in
      if state.textures[texture.key]?.identity == texture.identity {
        state.textures[texture.key] = nil
      }
      if state.phase != .closed && !connection.loss.hasHappened { state.retired.append(texture) }
    }
  }

  /// Takes over images that became no texture: the queue may use them still.
  func discard(_ content: TextureContent, of buffer: TextureBuffer) {
    retire(
      RetiredTexture(
        identity: ObjectIdentifier(self), content: content, whole: nil, buffer: buffer,
        isKept: false))
  }

  /// Keeps what the queue still uses.
  func hold(_ things: any Sendable, until fence: VulkanFence) {
    state.withLock { $0.doomed.append((things, fence)) }
  }

  /// Ends the device while the toolkit's own lives: waits for the queue, then lets go of all that was made on
  /// it; after a loss there is nothing to wait for. Every later call is refused as closed. Closing twice
  /// does nothing.
  ///
  /// Its textures, and whatever lies in its own memory, pools and their slabs too, are let go of before; so
  /// are layouts of sets that have the sampler of a ``VulkanTexture/Converted``.
  ///
  /// - Throws: `VulkanFailure`, in use, where some of that is still held, or another thread uses or closes it;
  ///   timed out where the queue is not done in ten seconds. The device then stays open.
  public func close() throws(VulkanFailure) {
    let phase = state.withLock { state in
      defer { if state.phase == .open { state.phase = .closing } }
      return state.phase
    }
    switch phase {
    case .closed: return
    case .closing: throw inUse("another thread closes it")
    case .open: break
    }
    do {
      try finish()
      try empty()
    } catch {
      state.withLock { $0.phase = .open }
      throw error
    }
    state.withLock { $0.phase = .closed }
    work.close()
  }

  /// Waits for the queue, unless the device is lost.
  private func finish() throws(VulkanFailure) {
    do throws(VulkanFailure) {
      try collectAll()
      if !isLost, try !work.fence().wait(until: .now + longestWait) { throw .timedOut }
    } catch {
      noteLoss(error)
      if !isLost { throw error }
    }
    if isLost { deviceWasLost() }
  }

  /// Lets go of everything, and sees to it that nothing is made any more.
  private func empty() throws(VulkanFailure) {
    removeDoomed()
    let (isIdle, slabs, kept) = state.withLock { state in
      let isIdle =
        calls.load(ordering: .acquiring) == 0 && state.textures.isEmpty && state.retired.isEmpty
        && state.doomed.isEmpty
      return (isIdle, state.slabs, isIdle ? state.keptImages.removeAll() : [])
    }
    _ = consume kept
    guard isIdle else { throw inUse("textures are still held, or another thread is in a call") }
    for slab in slabs.compactMap(\.slab) { slab.removeCompanion(self.slabs) }
    let texelFetch = fetch.withLock { $0.take() }
    _ = consume texelFetch
    imageMemory.trim()
    guard ledger.close() else {
      let live = ledger.live
      throw inUse("\(live.count) allocations of \(live.bytes) bytes are still held")
    }
    // Layouts of sets may have their samplers while the device is open.
    let conversions = conversions.withLock { known in
      defer { known = [:] }
      return known
    }
    _ = consume conversions
  }

  private func inUse(_ reason: String) -> VulkanFailure {
    VulkanFailure(cause: .inUse, operation: "close", reason: reason)
  }

  /// Whether the device was closed.
  public var isClosed: Bool { state.withLock { $0.phase == .closed } }

  /// Begins a call that may use the driver: the device is not closed before ``leave()``.
  ///
  /// - Throws: `VulkanFailure` where the device is no more.
  func enter(_ operation: String) throws(VulkanFailure) {
    let isOpen = state.withLock { state in
      if state.phase == .open { calls.add(1, ordering: .relaxed) }
      return state.phase == .open
    }
    guard isOpen else {
      throw VulkanFailure(cause: .closed, operation: operation, reason: "it was closed")
    }
    if isLost {
      leave()
      throw VulkanFailure(cause: .lost, operation: operation, reason: "it is lost")
    }
  }

  /// The same for calls that go on while another thread tries to close the device, which then stays open.
  ///
  /// - Returns: Whether it is still there.
  private func enterUnlessClosed() -> Bool {
    state.withLock { state in
      if state.phase != .closed { calls.add(1, ordering: .relaxed) }
      return state.phase != .closed
    }
  }

  func leave() { calls.subtract(1, ordering: .releasing) }
}

internal import CDRM
internal import Glibc
internal import Synchronization
internal import SystemPackage
public import TexAlloc

extension Display {
  /// Polls as readable (`POLLIN`) when a flip is over, or the card is gone.
  public var descriptor: FileDescriptor { card.descriptor }

  /// Whether a picture that was given to ``show(_:after:)`` is not on the screen yet.
  public var isFlipping: Bool { state.withLock { $0.pending != nil } }

  /// Rules the card's displays from now on, and not only once something is shown: a driver of OpenGL that is
  /// opened later, and opens the card's own node, finds it ruled. ``stop()`` ends that. Twice does nothing.
  ///
  /// - Throws: `DisplayError.notMaster` where somebody else does.
  public func rule() throws(DisplayError) {
    try state.withLock { state throws(DisplayError) in
      if state.rule == nil { try card.rule() }
      state.rule = .untilStopped
    }
  }

  /// Has the screen show a buffer from its next refresh on, and let go of the one before.
  ///
  /// The first time the mode is set, and other programs' pictures are gone. The display keeps the buffer until
  /// the next one is shown, or ``stop()``; the memory of the one before is held until the screen is done with
  /// it.
  ///
  /// - Parameter fence: What the screen waits for; a `SyncFile` by the driver itself where it is atomic, else
  ///   this thread waits.
  /// - Throws: `DisplayError`: `busy` while the picture before is not shown, which ``wait(until:)`` waits for;
  ///   `disconnected` and `mode`, after which the display keeps no buffer; `notMaster` and `gone`, which end
  ///   ``rule()`` besides; `refused`, after which it goes on showing what it did.
  public func show(
    _ picture: DisplayBuffer, after fence: (any Fence)? = nil
  ) throws(DisplayError) {
    try takeEvents()
    guard !isFlipping else { throw .busy(connector: connector.name) }
    let wasOn = state.withLock { $0.isOn }
    do throws(DisplayError) {
      try requireScreen()
      if wasOn { try flip(to: picture, fence) } else { try begin(with: picture, fence) }
    } catch {
      switch error {
      case .notMaster, .gone: stop()
      case .disconnected, .mode: turnOff()
      default: if !wasOn { turnOff() }
      }
      throw error
    }
  }

  /// Waits until the picture that was given last is on the screen, or the time has come; answers whether it
  /// is.
  ///
  /// - Throws: `DisplayError.gone`.
  public func wait(until deadline: ContinuousClock.Instant) throws(DisplayError) -> Bool {
    while true {
      try takeEvents()
      if !isFlipping { return true }
      let left = deadline - .now
      if left <= .zero { return false }
      var file = pollfd(fd: descriptor.rawValue, events: Int16(POLLIN), revents: 0)
      _ = unsafe poll(&file, 1, CInt(min((left / .milliseconds(1)).rounded(.up), 10_000)))
    }
  }

  /// Lets go of what the screen shows, and has it show again, in its mode, what it did before the first
  /// picture; it is turned off where that was nothing, or is gone. Others may rule the card then. Stopping
  /// twice does nothing.
  public func stop() {
    turnOff()
    yield(from: .untilStopped)
  }

  /// Undoes what ``show(_:after:)`` did: who said that the card is to be ruled rules it still.
  private func turnOff() {
    let (wasOn, former) = state.withLock { state in
      defer { (state.isOn, state.former) = (false, nil) }
      return (state.isOn, state.former)
    }
    if wasOn { putBack(former) }
    yield(from: .whileOn)
    // What was queued is of no picture any more.
    state.withLock { state in (state.shown, state.pending, state.flip) = (nil, nil, state.flip + 1)
    }
  }

  private func yield(from rule: Rule) {
    state.withLock { state in
      guard state.rule == rule else { return }
      card.yield()
      state.rule = nil
    }
  }

  /// Asks whether the screen is there, and has the mode still: what the driver knows, not the screen itself.
  private func requireScreen() throws(DisplayError) {
    let now: Connector
    do { now = try Connector(connector.id, of: card, isProbed: false) } catch {
      throw DisplayError(error)
    }
    guard now.status != .disconnected else {
      throw .disconnected(device: card.path.string, connector: connector.name)
    }
    guard now.modes.contains(where: { $0.timing.isSame(as: mode.timing) }) else {
      throw .mode(
        connector: connector.name, wanted: mode.size,
        held: DisplayMode.nearest(of: now.modes, to: mode.size)?.size)
    }
  }

  /// Sets the mode with the first picture; the screen has it when this returns.
  private func begin(with picture: DisplayBuffer, _ fence: (any Fence)?) throws(DisplayError) {
    try state.withLock { state throws(DisplayError) in
      if state.rule == nil {
        try card.rule()
        state.rule = .whileOn
      }
      (state.isOn, state.former) = (true, FormerPicture(on: pipeline.crtc, of: card))
    }
    do throws(SystemFailure) {
      if isAtomic {
        let blob = try ModeBlob(mode, on: card)
        var commit = Commit()
        commit.set(
          pipeline.connector, pipeline.connectorProperties, ["CRTC_ID": UInt64(pipeline.crtc)])
        commit.set(
          pipeline.crtc, pipeline.crtcProperties, ["MODE_ID": UInt64(blob.id), "ACTIVE": 1])
        commit.set(pipeline.plane, pipeline.planeProperties, settings(of: picture, fence))
        try commit.commit(to: card, DRM_MODE_ATOMIC_ALLOW_MODESET)
      } else {
        waitHere(for: fence)
        try setCRTC(picture.framebuffer.id, mode)
      }
    } catch {
      throw refusal(of: picture, error)
    }
    state.withLock { $0.shown = picture }
  }

  private func flip(to picture: DisplayBuffer, _ fence: (any Fence)?) throws(DisplayError) {
    let (number, before) = state.withLock { state in
      state.flip += 1
      state.pending = picture
      return (state.flip, state.shown)
    }
    do throws(SystemFailure) {
      if isAtomic {
        let outFence = try commitFlip(to: picture, fence, number)
        if let outFence { before?.buffer.hold(until: outFence) }
      } else {
        waitHere(for: fence)
        var request = drm_mode_crtc_page_flip()
        (request.crtc_id, request.fb_id) = (pipeline.crtc, picture.framebuffer.id)
        request.flags = UInt32(DRM_MODE_PAGE_FLIP_EVENT)
        request.user_data = number
        try card.call("MODE_PAGE_FLIP", texalloc_drm_page_flip, &request)
      }
    } catch {
      state.withLock { $0.pending = nil }
      throw refusal(of: picture, error)
    }
  }

  /// - Returns: What passes when the picture before is the screen's no more, where the driver has such.
  private func commitFlip(
    to picture: DisplayBuffer, _ fence: (any Fence)?, _ number: UInt64
  ) throws(SystemFailure) -> SyncFile? {
    var outFence: [Int32] = [-1]
    try outFence.asKernelList { address throws(SystemFailure) in
      var commit = Commit()
      commit.set(pipeline.crtc, pipeline.crtcProperties, ["OUT_FENCE_PTR": address])
      commit.set(pipeline.plane, pipeline.planeProperties, settings(of: picture, fence))
      try commit.commit(
        to: card, Int32(DRM_MODE_ATOMIC_NONBLOCK) | DRM_MODE_PAGE_FLIP_EVENT, userData: number)
    }
    guard outFence[0] >= 0 else { return nil }
    return try SyncFile(owning: OwnedDescriptor(owning: FileDescriptor(rawValue: outFence[0])))
  }

  private func settings(
    of picture: DisplayBuffer, _ fence: (any Fence)?
  ) -> [String: UInt64] {
    let (width, height) = (UInt64(mode.size.width), UInt64(mode.size.height))
    var settings: [String: UInt64] = [
      "FB_ID": UInt64(picture.framebuffer.id), "CRTC_ID": UInt64(pipeline.crtc),
      "SRC_X": 0, "SRC_Y": 0, "SRC_W": width << 16, "SRC_H": height << 16,
      "CRTC_X": 0, "CRTC_Y": 0, "CRTC_W": width, "CRTC_H": height,
    ]
    if let file = fence as? SyncFile, pipeline.planeProperties["IN_FENCE_FD"] != nil {
      settings["IN_FENCE_FD"] = UInt64(file.descriptor.rawValue)
    } else {
      waitHere(for: fence)
    }
    return settings
  }

  /// A GPU that hangs for longer shows a picture that is not whole.
  private func waitHere(for fence: (any Fence)?) {
    if let fence, !fence.hasPassed { _ = fence.wait(until: .now + .seconds(10)) }
  }

  /// - Parameter framebuffer: 0 for none, which turns the screen off.
  private func setCRTC(
    _ framebuffer: UInt32, _ mode: DisplayMode, at corner: (x: UInt32, y: UInt32) = (0, 0)
  ) throws(SystemFailure) {
    var request = drm_mode_crtc()
    request.crtc_id = pipeline.crtc
    var connectors = [pipeline.connector]
    try connectors.asKernelList { address throws(SystemFailure) in
      if framebuffer != 0 {
        request.fb_id = framebuffer
        (request.x, request.y) = (corner.x, corner.y)
        request.set_connectors_ptr = address
        request.count_connectors = 1
        request.mode_valid = 1
        request.mode = mode.info
      }
      try card.call("MODE_SETCRTC", texalloc_drm_set_crtc, &request)
    }
  }

  /// Where the card is gone, or ruled by somebody else, there is nothing to put back or to turn off.
  private func putBack(_ former: FormerPicture?) {
    // The call of old does this on every card.
    if let former,
      (try? setCRTC(former.framebuffer, former.mode, at: former.corner)) != nil
    {
      return
    }
    guard isAtomic else {
      _ = try? setCRTC(0, mode)
      return
    }
    var commit = Commit()
    commit.set(pipeline.connector, pipeline.connectorProperties, ["CRTC_ID": 0])
    commit.set(pipeline.crtc, pipeline.crtcProperties, ["MODE_ID": 0, "ACTIVE": 0])
    commit.set(pipeline.plane, pipeline.planeProperties, ["FB_ID": 0, "CRTC_ID": 0])
    _ = try? commit.commit(to: card, DRM_MODE_ATOMIC_ALLOW_MODESET)
  }

  private func refusal(of picture: DisplayBuffer, _ failure: SystemFailure) -> DisplayError {
    guard failure.errno == .invalidArgument || failure.errno == .outOfRange else {
      return failure.errno == .resourceBusy
        ? .busy(connector: connector.name) : DisplayError(failure)
    }
    return .refused(
      RegistrationRefused(
        .importFailed, by: name, field: failure.operation,
        wanted: "a picture that the screen shows",
        held: "\(picture.buffer.layout.format) in \(picture.buffer.heap ?? "foreign memory")"))
  }

  /// Lets go of pictures whose flip is over.
  private func takeEvents() throws(DisplayError) {
    var bytes = [UInt8](repeating: 0, count: 1024)
    while true {
      let count: Int
      do {
        count = try unsafe bytes.withUnsafeMutableBytes {
          try unsafe descriptor.read(into: $0)
        }
      } catch {
        let errno = error as? Errno ?? .ioError
        if errno == .wouldBlock || errno == .resourceTemporarilyUnavailable { return }
        let failure = DisplayError(SystemFailure("read", on: card.path.string, errno))
        if case .gone = failure { stop() }
        throw failure
      }
      if count == 0 { return }
      for number in FlipEvent.numbers(in: bytes.prefix(count)) {
        state.withLock { state in
          guard number == state.flip, let shown = state.pending else { return }
          (state.shown, state.pending) = (shown, nil)
        }
      }
    }
  }
}

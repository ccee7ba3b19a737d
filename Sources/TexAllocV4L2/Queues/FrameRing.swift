internal import CV4L2
internal import Glibc
internal import Synchronization
internal import TexAlloc

/// Frames that go round between a driver and those who use them. Any thread may call.
final class FrameRing: Sendable {
  /// What the driver gives back.
  struct Filled {
    /// nil where there is nothing in the buffer.
    let frame: VideoFrame?
    let isDamaged, isLast: Bool
  }

  let memory: FrameMemory
  /// Why the frames lie in memory of the driver's own, exported, and not in ours; nil where they lie in ours.
  let reason: String?
  var queue: BufferQueue { memory.queue }
  private let state = Mutex(State())

  private struct State {
    /// What the driver has, by its place in the queue.
    var queued: [Int: TextureBuffer] = [:]
    var isStopped = false
  }

  init(in memory: FrameMemory, because reason: String?) throws(VideoError) {
    self.memory = memory
    self.reason = reason
    do {
      try refill()
      try queue.start()
    } catch {
      queue.close()
      throw error
    }
  }

  /// Starts, with memory of the machine's heaps, one after the other, or else with the driver's own.
  convenience init(
    of kind: FrameKind, for components: [any Component], _ flags: AllocationFlags, buffers: Int
  ) throws(VideoError) {
    do {
      let memory = try FrameMemory(of: kind, for: components, flags, count: buffers)
      try self.init(in: memory, because: nil)
    } catch {
      guard error.isOfMemory else { throw error }
      try self.init(
        in: FrameMemory(exporting: buffers, of: kind, for: components, flags), because: "\(error)")
    }
  }

  deinit { queue.stop() }

  var isStopped: Bool { state.withLock { $0.isStopped } }
  /// Whether the driver could have more memory than it has.
  var isShort: Bool { state.withLock { $0.queued.count < queue.count } }

  /// The driver lets go of its buffers. Stopping twice does nothing.
  func stop() {
    state.withLock { $0.isStopped = true }
    queue.stop()
    state.withLock { $0.queued = [:] }
  }

  /// Stops, and ends the driver's queue; frames stay for as long as somebody holds them.
  func close() {
    stop()
    queue.close()
  }

  /// Has the driver forget what it has filled and nobody has taken, and begin anew.
  func restart() throws(VideoError) {
    queue.stop()
    state.withLock { $0.queued = [:] }
    try refill()
    try queue.start()
  }

  /// A buffer that the driver is done with; nil where there is none, or it was stopped meanwhile, which the
  /// driver refuses as invalid.
  func dequeue() throws(VideoError) -> Filled? {
    do throws(VideoError) {
      guard let done = try queue.dequeue() else { return nil }
      let buffer = state.withLock { $0.queued.removeValue(forKey: done.index) }
      let frame = buffer.flatMap { buffer in
        done.bytes == 0
          ? nil
          : VideoFrame(
            buffer: buffer, region: memory.kind.region, sequence: done.sequence, time: done.time,
            isDamaged: done.isDamaged)
      }
      return Filled(frame: frame, isDamaged: done.isDamaged, isLast: done.isLast)
    } catch {
      if isStopped { return nil }
      throw error
    }
  }

  /// Gives the driver all memory that nobody uses any more.
  func refill() throws(VideoError) {
    while state.withLock({ !$0.isStopped && $0.queued.count < queue.count }) {
      guard let buffer = try memory.allocate() else { return }  // the rest is held, or still drawn
      guard let place = memory.place(of: buffer) else { return }
      // Before: another thread may dequeue it at once.
      let isEntered = state.withLock { state in
        if !state.isStopped { state.queued[place] = buffer }
        return !state.isStopped
      }
      guard isEntered else { return }
      do throws(VideoError) { try queue.enqueue(buffer, at: place) } catch {
        let isStopped = state.withLock { state in
          state.queued[place] = nil
          return state.isStopped
        }
        if isStopped { return }
        throw error
      }
    }
  }

  /// Until one of the events may have happened to a device, the time has come, or somebody wakes the waiting
  /// thread up.
  ///
  /// - Parameter isShort: Whether the driver waits for memory, which nobody tells of when the GPU is done with
  ///   it: that is looked at now and then.
  /// - Returns: Whether somebody has.
  @discardableResult
  static func wait(
    for events: Int32, of device: FileDescriptor, or wakeUp: borrowing EventDescriptor,
    until deadline: ContinuousClock.Instant?, isShort: Bool
  ) -> Bool {
    var slice = isShort ? Duration.milliseconds(2) : .seconds(10)
    if let deadline, deadline - .now < slice { slice = deadline - .now }
    var files = [
      pollfd(fd: device.rawValue, events: Int16(events), revents: 0),
      pollfd(fd: wakeUp.descriptor.rawValue, events: Int16(POLLIN), revents: 0),
    ]
    let milliseconds = max(0, CInt((slice / .milliseconds(1)).rounded(.up)))
    _ = unsafe poll(&files, nfds_t(files.count), milliseconds)
    // Which it is at once while the driver has no buffer.
    if files[0].revents & Int16(POLLERR) != 0 { usleep(1000) }
    return files[1].revents & Int16(POLLIN) != 0
  }
}

extension VideoError {
  /// Whether other memory may do.
  fileprivate var isOfMemory: Bool {
    switch self {
    case .memory(.noHeap), .memory(.noRoute), .memory(.conflict), .refused: true
    case .failed(let failure): failure.operation == "VIDIOC_QBUF"
    default: false
    }
  }
}

internal import Glibc
internal import Synchronization
public import TexAlloc

/// A picture that a camera has taken.
public struct CameraFrame: Sendable {
  /// Where it lies, with its format, pitch and colours. The camera fills the memory anew when nobody holds the
  /// buffer, or a texture of it, any more, and the GPU is done with it.
  public let buffer: TextureBuffer
  /// Counted by the driver: where a number is missing, there was no buffer to fill.
  public let sequence: Int
  /// When it was taken, since the start of the system: of `CLOCK_MONOTONIC`.
  public let time: Duration
  /// Whether the driver says that some of it may be wrong.
  public let isDamaged: Bool
}

/// The frames of a camera that was started, in the order in which they were taken.
///
/// A loop polls ``descriptor`` and asks with ``next(until:)``; a task iterates. Frames that nobody asks for
/// wait with the driver, as many as there are buffers; then the camera leaves out pictures until somebody lets
/// go of one.
///
/// The camera stops when this goes. Frames stay for as long as somebody holds them.
public final class CameraFrames: Sendable {
  public let camera: Camera
  /// Why the frames lie in memory of the driver's own, exported, and not in ours; nil where they lie in ours.
  public let reason: String?
  /// What all who use the frames agreed on.
  public var plan: MemoryPlan { memory.plan }
  /// How many frames there can be at a time, with the driver and with everybody else.
  public var bufferCount: Int { queue.count }

  private let memory: FrameMemory
  private var queue: CaptureQueue { memory.queue }
  private let state = Mutex(State())
  private let wakeUp: EventDescriptor

  private struct State {
    /// What the driver has, by its place in the queue.
    var queued: [Int: TextureBuffer] = [:]
    var isStopped = false
  }

  init(
    of camera: Camera, in memory: FrameMemory, because reason: String?
  ) throws(CameraError) {
    self.camera = camera
    self.memory = memory
    self.reason = reason
    do { wakeUp = try EventDescriptor(named: camera.name) } catch { throw .failed(error) }
    try refill()
    try queue.start()
  }

  deinit { queue.stop() }

  /// Polls as readable (`POLLIN`) when a frame can be had; as an error where the driver has no buffer to fill.
  public var descriptor: FileDescriptor { camera.device.descriptor }

  /// The next frame, waited for.
  ///
  /// - Parameter deadline: For ever where nil. While all frames are held elsewhere none comes.
  /// - Returns: nil where none came in time, or the camera was stopped.
  /// - Throws: `CameraError`: `gone` where the device was taken away.
  public func next(until deadline: ContinuousClock.Instant? = nil) throws(CameraError)
    -> CameraFrame?
  {
    while true {
      if state.withLock({ $0.isStopped }) { return nil }
      try refill()
      if let filled = try dequeue(),
        let buffer = state.withLock({ $0.queued.removeValue(forKey: filled.index) })
      {
        return CameraFrame(
          buffer: buffer, sequence: filled.sequence, time: filled.time, isDamaged: filled.isDamaged)
      }
      if let deadline, ContinuousClock.now >= deadline { return nil }
      wait(until: deadline)
    }
  }

  /// Ends the stream, from any thread: whoever waits for a frame gets none, and the driver lets go of its
  /// buffers. Stopping twice does nothing.
  public func stop() {
    state.withLock { $0.isStopped = true }
    queue.stop()
    state.withLock { $0.queued = [:] }
    wakeUp.signal()
  }

  /// A buffer that was filled; nil where none is, or the camera was stopped meanwhile, which the driver
  /// refuses as invalid.
  private func dequeue() throws(CameraError) -> CaptureQueue.Filled? {
    do throws(CameraError) { return try queue.dequeue() } catch {
      if state.withLock({ $0.isStopped }) { return nil }
      throw error
    }
  }

  /// Gives the driver all memory that nobody uses any more.
  private func refill() throws(CameraError) {
    while state.withLock({ !$0.isStopped && $0.queued.count < queue.count }) {
      guard let buffer = try memory.allocate() else { return }  // the rest is held, or still drawn
      guard let place = memory.place(of: buffer) else { return }
      // Before: another thread may dequeue it at once.
      let isEntered = state.withLock { state in
        if !state.isStopped { state.queued[place] = buffer }
        return !state.isStopped
      }
      guard isEntered else { return }
      do throws(CameraError) { try queue.enqueue(buffer, at: place) } catch {
        let isStopped = state.withLock { state in
          state.queued[place] = nil
          return state.isStopped
        }
        if isStopped { return }
        throw error
      }
    }
  }

  /// Until a frame may be there, the time has come, or somebody stops.
  private func wait(until deadline: ContinuousClock.Instant?) {
    let isShort = state.withLock { $0.queued.count < queue.count }
    // Nobody tells when the GPU is done with a frame, so that is looked at now and then.
    var slice = isShort ? Duration.milliseconds(2) : .seconds(10)
    if let deadline, deadline - .now < slice { slice = deadline - .now }
    var files = [
      pollfd(fd: descriptor.rawValue, events: Int16(POLLIN), revents: 0),
      pollfd(fd: wakeUp.descriptor.rawValue, events: Int16(POLLIN), revents: 0),
    ]
    let milliseconds = Swift.max(0, CInt((slice / .milliseconds(1)).rounded(.up)))
    _ = unsafe poll(&files, nfds_t(files.count), milliseconds)
    // Which it is at once while the driver has no buffer.
    if files[0].revents & Int16(POLLERR) != 0 { usleep(1000) }
  }
}

extension Camera {
  /// Starts taking pictures, into memory that suits all who use them.
  ///
  /// The heaps of this machine are tried one after the other with the driver; where it takes no memory of
  /// theirs, its own is exported, and ``CameraFrames/reason`` says why.
  ///
  /// - Parameters:
  ///   - components: All who use the frames: the GPU that samples them, a display that shows them.
  ///   - flags: What for.
  ///   - buffers: How many frames there can be at a time, with the driver and with those who use them.
  /// - Throws: `CameraError`; the camera is then as it was.
  public func start(
    for components: [any Component], _ flags: AllocationFlags = .texture, buffers: Int = 4
  ) throws(CameraError) -> CameraFrames {
    do {
      let memory = try FrameMemory(for: [self] + components, flags, count: buffers, of: self)
      return try CameraFrames(of: self, in: memory, because: nil)
    } catch {
      guard error.isOfMemory else { throw error }
      let memory = try FrameMemory(exporting: buffers, flags, of: self)
      return try CameraFrames(of: self, in: memory, because: "\(error)")
    }
  }
}

extension CameraError {
  /// Whether other memory may do.
  fileprivate var isOfMemory: Bool {
    switch self {
    case .memory(.noHeap), .memory(.noRoute), .memory(.conflict), .refused: true
    case .failed(let failure): failure.operation == "VIDIOC_QBUF"
    default: false
    }
  }
}

extension CameraFrames: AsyncSequence {
  /// Waits for frames on a thread of its own. It ends where the camera is stopped, or the task is cancelled,
  /// which stops the camera.
  public struct AsyncIterator: AsyncIteratorProtocol {
    fileprivate let frames: CameraFrames
    fileprivate var thread: WorkerThread?

    public mutating func next() async throws(CameraError) -> CameraFrame? {
      try await next(isolation: nil)
    }

    public mutating func next(
      isolation actor: isolated (any Actor)?
    ) async throws(CameraError) -> CameraFrame? {
      let (frames, thread) = (frames, try waitingThread())
      return try await withTaskCancellationHandler {
        await withCheckedContinuation { continuation in
          thread.begin {
            continuation.resume(
              returning: Result { () throws(CameraError) in try frames.next() })
          }
        }
      } onCancel: {
        frames.stop()
      }.get()
    }

    private mutating func waitingThread() throws(CameraError) -> WorkerThread {
      if let thread { return thread }
      do {
        let made = try WorkerThread(named: "TexAlloc camera")
        thread = made
        return made
      } catch {
        throw .failed(error)
      }
    }
  }

  public func makeAsyncIterator() -> AsyncIterator { AsyncIterator(frames: self) }
}

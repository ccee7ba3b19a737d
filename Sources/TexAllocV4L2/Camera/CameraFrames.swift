internal import Glibc
internal import Synchronization
public import TexAlloc

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
  public var reason: String? { ring.reason }
  /// What all who use the frames agreed on.
  public var plan: MemoryPlan { ring.memory.plan }
  /// How many frames there can be at a time, with the driver and with everybody else.
  public var bufferCount: Int { ring.queue.count }

  private let ring: FrameRing
  private let wakeUp: EventDescriptor

  init(of camera: Camera, _ ring: FrameRing) throws(VideoError) {
    self.camera = camera
    self.ring = ring
    do { wakeUp = try EventDescriptor(named: camera.name) } catch { throw .failed(error) }
  }

  deinit { ring.stop() }

  /// Polls as readable (`POLLIN`) when a frame can be had; as an error where the driver has no buffer to fill.
  public var descriptor: FileDescriptor { camera.kind.node.descriptor }

  /// The next frame, waited for.
  ///
  /// - Parameter deadline: For ever where nil. While all frames are held elsewhere none comes.
  /// - Returns: nil where none came in time, or the camera was stopped.
  /// - Throws: `VideoError`: `gone` where the device was taken away.
  public func next(until deadline: ContinuousClock.Instant? = nil) throws(VideoError)
    -> VideoFrame?
  {
    while !ring.isStopped {
      try ring.refill()
      if let frame = try ring.dequeue()?.frame { return frame }
      if let deadline, ContinuousClock.now >= deadline { return nil }
      FrameRing.wait(
        for: POLLIN, of: descriptor, or: wakeUp, until: deadline, isShort: ring.isShort)
    }
    return nil
  }

  /// Ends the stream, from any thread: whoever waits for a frame gets none, and the driver lets go of its
  /// buffers. Stopping twice does nothing.
  public func stop() {
    ring.stop()
    wakeUp.signal()
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
  /// - Throws: `VideoError`; the camera is then as it was.
  public func start(
    for components: [any Component], _ flags: AllocationFlags = .texture, buffers: Int = 4
  ) throws(VideoError) -> CameraFrames {
    try CameraFrames(
      of: self, FrameRing(of: kind, for: components, flags, buffers: buffers))
  }
}

extension CameraFrames: AsyncSequence {
  /// Waits for frames on a thread of its own. It ends where the camera is stopped, or the task is cancelled,
  /// which stops the camera.
  public struct AsyncIterator: AsyncIteratorProtocol {
    fileprivate let frames: CameraFrames
    fileprivate var thread: WorkerThread?

    public mutating func next() async throws(VideoError) -> VideoFrame? {
      try await next(isolation: nil)
    }

    public mutating func next(
      isolation actor: isolated (any Actor)?
    ) async throws(VideoError) -> VideoFrame? {
      let (frames, thread) = (frames, try waitingThread())
      return try await withTaskCancellationHandler {
        await withCheckedContinuation { continuation in
          thread.begin {
            continuation.resume(
              returning: Result { () throws(VideoError) in try frames.next() })
          }
        }
      } onCancel: {
        frames.stop()
      }.get()
    }

    private mutating func waitingThread() throws(VideoError) -> WorkerThread {
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

internal import CV4L2
internal import Glibc
internal import Synchronization
public import TexAlloc

/// A stream that is decoded: its bytes go in, its pictures come out.
///
/// One thread feeds and asks; others that do wait for it. ``stop()`` is for any. A loop polls ``descriptor``.
/// The decoding stops when this goes. Frames stay for as long as somebody holds them.
public final class DecodedFrames: Sendable {
  /// What comes next of a stream.
  public enum Step: Sendable {
    case frame(VideoFrame)
    /// There is room for more bytes: what is to be fed, or that there is no more, comes from the caller.
    case wantsBytes
    /// All of its pictures were taken.
    case end
  }

  /// What was lost of a stream.
  public struct Damage: Hashable, Sendable {
    /// Chunks of which the driver said that something in them is wrong.
    public let chunks: Int
    /// Pictures of which nothing was decoded.
    public let pictures: Int
  }

  public let decoder: VideoDecoder
  /// The most bytes that are fed at a time.
  public let chunkSize: Int

  private let device: VideoNode
  private let state: Mutex<DecodingState>
  private let isStopped = Mutex(false)
  private let wakeUp: EventDescriptor

  init(
    of decoder: VideoDecoder, _ device: VideoNode, _ coded: CodedQueue, _ pictures: DecodedPictures
  ) throws(VideoError) {
    self.decoder = decoder
    self.device = device
    chunkSize = coded.limit
    state = Mutex(DecodingState(of: device, coded, pictures))
    do { wakeUp = try EventDescriptor(named: decoder.name) } catch { throw .failed(error) }
  }

  deinit { state.withLock { $0.close() } }

  /// Polls as readable (`POLLIN`) when a picture can be had, as urgent (`POLLPRI`) when pictures change, as
  /// writable (`POLLOUT`) when bytes were read; as an error where the driver has nothing to do.
  public var descriptor: FileDescriptor { device.descriptor }

  /// Why the pictures lie in memory of the driver's own, exported, and not in ours; nil where they lie in ours,
  /// or there are none yet.
  public var reason: String? { state.withLock { $0.pictures.ring?.reason } }
  /// What all who use the pictures agreed on; nil while there are none yet.
  public var plan: MemoryPlan? { state.withLock { $0.pictures.ring?.memory.plan } }
  /// What the decoder can live with for the pictures as they are now; nil while there are none yet.
  public var attributes: BufferAttributes? {
    state.withLock { $0.pictures.ring?.memory.kind.attributes }
  }
  /// How many pictures there can be at a time, with the driver and with everybody else; 0 while there are none
  /// yet.
  public var bufferCount: Int { state.withLock { $0.pictures.ring?.queue.count ?? 0 } }
  public var damage: Damage {
    state.withLock { Damage(chunks: $0.coded.damaged, pictures: $0.lost) }
  }

  /// What comes next, waited for: a picture before anything else.
  ///
  /// - Parameter deadline: For ever where nil. While all pictures are held elsewhere none comes.
  /// - Returns: nil where nothing came in time, or the decoding was stopped.
  /// - Throws: `VideoError`: `noPicture` where all bytes were fed and no picture is in them; `memory`,
  ///   `refused` and `bufferCount` where there is no memory for pictures; `gone`.
  public func next(until deadline: ContinuousClock.Instant? = nil) throws(VideoError) -> Step? {
    while !isStopped.withLock({ $0 }) {
      let (step, isShort) = try state.withLock { state throws(VideoError) in
        (try state.step(), state.pictures.ring?.isShort ?? false)
      }
      if let step { return step }
      if let deadline, ContinuousClock.now >= deadline { return nil }
      let isWoken = FrameRing.wait(
        for: POLLIN | POLLPRI | POLLOUT, of: descriptor, or: wakeUp, until: deadline,
        isShort: isShort)
      // Once it is stopped, everybody is to be woken up.
      if isWoken, !isStopped.withLock({ $0 }) { state.withLock { _ in wakeUp.takeIfThere() } }
    }
    return nil
  }

  /// Gives the decoder bytes, which are copied.
  ///
  /// - Parameters:
  ///   - bytes: Of what most formats want one picture, from its start to its end; at least one, at most
  ///     ``chunkSize``.
  ///   - time: What the picture has for a time.
  /// - Returns: Whether there was room for them, as there is after ``Step/wantsBytes``; not once it is stopped.
  /// - Throws: `VideoError`: `chunk`, `gone`.
  @discardableResult
  public func feed(_ bytes: Span<UInt8>, time: Duration = .zero) throws(VideoError) -> Bool {
    try state.withLock { state throws(VideoError) in try state.feed(bytes, time) }
  }

  /// Says that no bytes come any more: the pictures that the decoder still has are asked for as before, up to
  /// ``Step/end``.
  public func finish() {
    state.withLock { $0.isFinishing = true }
    wakeUp.signal()
  }

  /// Goes on elsewhere in the stream, or with another one of the format: what was fed is forgotten, and so are
  /// pictures that nobody has taken. What is fed next begins with a picture that needs no other.
  public func restart() throws(VideoError) {
    try state.withLock { state throws(VideoError) in try state.restart() }
  }

  /// Ends the decoding, from any thread: whoever waits gets nothing, and the driver lets go of its buffers.
  /// Stopping twice does nothing.
  public func stop() {
    isStopped.withLock { $0 = true }
    wakeUp.signal()
    state.withLock { $0.close() }
  }
}

/// How far a stream is decoded. It never waits.
struct DecodingState: Sendable {
  private let device: VideoNode
  var coded: CodedQueue
  var pictures: DecodedPictures
  /// Whether no more bytes come.
  var isFinishing = false
  /// Whether the driver knows that.
  private var isDraining = false
  /// Pictures of which nothing was decoded.
  private(set) var lost = 0
  /// Whether the next pictures are others, which begin after the last of these.
  private var isChanging = false
  /// Whether the driver has said that a picture was the last: of all, or of these.
  private var isAtLast = false
  private var isClosed = false

  init(of device: VideoNode, _ coded: CodedQueue, _ pictures: DecodedPictures) {
    self.device = device
    self.coded = coded
    self.pictures = pictures
  }

  /// What comes next; nil where that has to be waited for.
  mutating func step() throws(VideoError) -> DecodedFrames.Step? {
    if isClosed { return nil }
    try coded.collect()
    while true {
      if coded.takeChange() { isChanging = true }
      if isChanging, pictures.ring == nil || isAtLast {
        // Which ends a draining that was asked for.
        (isAtLast, isDraining) = (false, false)
        try pictures.setUp()
        isChanging = false
      }
      guard let ring = pictures.ring else { break }
      if isAtLast { return isFinishing ? .end : nil }
      try ring.refill()
      if isFinishing, !isDraining, !isChanging { try drain() }
      guard let filled = try ring.dequeue() else { break }
      isAtLast = filled.isLast
      if let frame = filled.frame { return .frame(frame) }
      if filled.isDamaged { lost += 1 }
    }
    if !isFinishing { return coded.hasRoom ? .wantsBytes : nil }
    if pictures.ring == nil, coded.isEmpty {
      throw .noPicture(
        device: device.path.string, chunks: coded.chunks, damaged: coded.damaged)
    }
    return nil
  }

  mutating func feed(_ bytes: Span<UInt8>, _ time: Duration) throws(VideoError) -> Bool {
    if isClosed { return false }
    try coded.collect()
    return try coded.feed(bytes, time)
  }

  /// Has the driver decode what it has, up to the last picture.
  private mutating func drain() throws(VideoError) {
    var command = v4l2_decoder_cmd()
    command.cmd = UInt32(V4L2_DEC_CMD_STOP)
    do { try device.call("VIDIOC_DECODER_CMD", texalloc_decoder_cmd, &command) } catch {
      // A driver may go on with one that was asked for before the pictures changed.
      guard error.errno == .resourceBusy else { throw VideoError(error) }
    }
    isDraining = true
  }

  mutating func restart() throws(VideoError) {
    if isClosed { return }
    (isFinishing, isDraining, isAtLast) = (false, false, false)
    try coded.restart()
    // The driver tells once of others, and has its pictures like that from then on.
    if coded.takeChange() { isChanging = true }
    if isChanging, pictures.ring != nil {
      try pictures.setUp()
      isChanging = false
    } else {
      try pictures.ring?.restart()
    }
  }

  mutating func close() {
    isClosed = true
    pictures.ring?.close()
    coded.close()
  }
}

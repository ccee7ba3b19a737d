internal import Synchronization
internal import TexAlloc

/// What a request is told apart by: numbers are used again, with another generation.
struct LoadID: Hashable {
  let number: Int
  let generation: UInt32
}

/// What the work of several equal requests gives.
struct LoadedImage {
  let registration: any Registration
  let header: ImageHeader
  let report: DecodingReport
  let times: AssetTimes
}

typealias AssetOutcome = Result<LoadedImage, AssetError>

/// Whom a request tells.
struct AssetListener {
  /// Is called once.
  let end: @Sendable (AssetOutcome) -> Void
  /// For somebody who waits on any thread, and comes to the device's by himself: is called each time that
  /// there is something to fetch there. He is told of failures on any thread, others by the next poll.
  var fetch: (@Sendable () -> Void)?
}

/// What threads that work at a request look at meanwhile.
final class AssetSignal: Sendable {
  let isWanted = Atomic(true)
  /// Thousandths of the picture.
  let progress = Atomic(0)
}

/// What a loader has to do, in which order, and what of it may begin: no thread, no file and no device.
/// Requests of one thing share a *job*, which goes through the stages.
struct Schedule {
  enum Stage {
    case queued(lane: Int)
    case reading(lane: Int)
    case read
    case decoding
    case decoded
    case registering

    var isOnAThread: Bool {
      switch self {
      case .reading, .decoding, .registering: true
      case .queued, .read, .decoded: false
      }
    }
  }

  final class Job: @unchecked Sendable {  // only the schedule changes it
    // What changes with its priority lies together: that of hundreds may change in a frame.
    var stage: Stage
    var priority: AssetPriority
    /// Whether it ever had more than one request.
    var isShared = false
    var order: UInt64
    /// Requests that are not ended.
    var loads: [LoadID] = []
    let request: AssetRequest
    let key: AssetKey?
    let signal = AssetSignal()
    /// While it waits for a decoder, or has one.
    var file: EncodedFile?
    /// When it is decoded.
    var image: DecodedImage?
    /// When its pixels are being made of coefficients.
    var finishing: AssetDevice.FinishingStep?
    /// Why the device does not finish it after all; nil where it was not tried.
    var obstacle: String?
    /// Of the schedule's, those that are its own.
    var encodedBytes = 0
    var decodedBytes = 0
    var times = AssetTimes()
    /// When the stage began.
    var start = ContinuousClock.now

    init(
      _ request: AssetRequest, _ key: AssetKey?, _ stage: Stage, file: EncodedFile?,
      image: DecodedImage?, order: UInt64
    ) {
      self.request = request
      self.key = key
      self.stage = stage
      self.file = file
      self.image = image
      self.order = order
      priority = request.priority
    }

    var queueKey: AssetQueue.Key { AssetQueue.Key(priority: priority.rawValue, order: order) }

    func enter(_ stage: Stage) {
      let now = ContinuousClock.now
      let time = now - start
      switch self.stage {
      case .queued, .read, .decoded: times.waiting += time
      case .reading: times.reading += time
      case .decoding: times.decoding += time
      case .registering: times.registering += time
      }
      self.stage = stage
      start = now
    }
  }

  struct Load {
    let job: Int
    var priority: AssetPriority
    let listener: AssetListener
  }

  /// Files of one file system, which may hang.
  struct Lane {
    let mount: String
    var queue = AssetQueue()
    var reading = 0
  }

  let limits: AssetLimits
  let decoders: Int
  /// Of the device that is drawn with.
  var pool: TexturePool

  var jobs = SlotTable<Job>()
  var loads = SlotTable<Load>()
  var known: [AssetKey: Int] = [:]
  var lanes: [Lane] = []
  var toDecode = AssetQueue()
  var toRegister = AssetQueue()
  /// Those whose pixels the device makes.
  var toFinish = AssetQueue()
  /// What is to be told by the next poll, the first `told` of which were.
  var endings: [(id: LoadID, tell: @Sendable () -> Void)] = []
  var told = 0
  /// What is to be called as soon as the schedule is let go of.
  var news: [@Sendable () -> Void] = []

  private var lastOrder: UInt64 = 0
  var figures = AssetStatistics()
  /// Whether a job found no memory, and nobody has had any back since.
  var isShort = false
  /// Whether somebody looks after a while whether there is memory again.
  var isNapping = false
  var isClosed = false
  /// How often the device was exchanged.
  var deviceNumber = 0
  /// The one that is lost or closed, as a poll has found out.
  var refusingDevice: Int?
  /// Whether the wake-up descriptor is readable.
  var isSignalled = false

  init(_ limits: AssetLimits, decoders: Int, _ pool: TexturePool) {
    self.limits = limits
    self.decoders = decoders
    self.pool = pool
  }

  mutating func nextOrder() -> UInt64 {
    lastOrder += 1
    return lastOrder
  }
}

extension Schedule.Stage {
  var asError: AssetError.Stage {
    switch self {
    case .queued: .queued
    case .reading: .reading
    case .read, .decoding: .decoding
    case .decoded, .registering: .registering
    }
  }

  var asState: AssetState {
    switch self {
    case .queued: .queued
    case .reading: .reading
    case .read: .read
    case .decoding: .decoding
    case .decoded, .registering: .decoded
    }
  }
}

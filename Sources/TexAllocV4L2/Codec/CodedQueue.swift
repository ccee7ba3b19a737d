internal import CV4L2
internal import TexAlloc

/// The driver's queue of coded bytes: memory of its own, into which they are copied.
struct CodedQueue: Sendable {
  private static let count = 2

  private let device: VideoNode
  private let queue: BufferQueue
  private let memory: [Slab]
  /// Places in the queue that the driver has nothing of.
  private var free: [Int]
  /// How many chunks were fed, and of how many the driver said that they are damaged.
  private(set) var chunks = 0
  private(set) var damaged = 0
  /// The most bytes of a chunk.
  let limit: Int

  init(
    of device: VideoNode, _ format: CodedFormat, _ size: ImageSize?, _ chunkSize: Int
  ) throws(VideoError) {
    self.device = device
    let bytes: Int
    do throws(SystemFailure) {
      var subscription = v4l2_event_subscription()
      subscription.type = UInt32(V4L2_EVENT_SOURCE_CHANGE)
      try device.call("VIDIOC_SUBSCRIBE_EVENT", texalloc_subscribe_event, &subscription)
      var entry = try FormatEntry(of: device, .output)
      entry.code = format.rawValue
      if let size { entry.size = size }
      entry.bytes = chunkSize
      entry.field = V4L2_FIELD_NONE
      try entry.set(on: device)
      guard entry.code == format.rawValue else {
        throw SystemFailure("VIDIOC_S_FMT", on: device.path.string, .invalidArgument)
      }
      bytes = entry.bytes
    } catch {
      throw VideoError(error)
    }
    let queue = try BufferQueue(of: device, .output, count: Self.count, in: .exported)
    self.queue = queue
    free = Array(0..<queue.count)
    do throws(SystemFailure) {
      var memory: [Slab] = []
      for index in free {
        memory.append(try queue.export(index, to: "coded:\(device.name)", .cached))
      }
      self.memory = memory
      limit = min(bytes, memory.map(\.size).min() ?? 0)
    } catch {
      throw VideoError(error)
    }
    try queue.start()
  }

  var hasRoom: Bool { !free.isEmpty }
  /// Whether the driver has nothing to decode any more.
  var isEmpty: Bool { free.count == queue.count }

  /// Copies bytes, and gives them to the driver.
  ///
  /// - Returns: Whether there was room for them.
  mutating func feed(_ bytes: Span<UInt8>, _ time: Duration) throws(VideoError) -> Bool {
    guard bytes.count <= limit, bytes.count > 0 else {
      throw .chunk(device: device.path.string, wanted: bytes.count, held: limit)
    }
    guard let place = free.popLast() else { return false }
    // The driver has nothing of the place, and the limit is its size.
    unsafe bytes.withUnsafeBytes {
      unsafe memory[place].bytes(in: 0..<bytes.count).copyMemory(from: $0)
    }
    do { try queue.enqueue(bytes.count, at: place, time) } catch {
      free.append(place)
      throw error
    }
    chunks += 1
    return true
  }

  /// Takes back what the driver has read.
  mutating func collect() throws(VideoError) {
    while let done = try queue.dequeue() {
      free.append(done.index)
      if done.isDamaged { damaged += 1 }
    }
  }

  /// Takes what the driver has told of the stream: answers whether the pictures that come are others.
  func takeChange() -> Bool {
    var event = v4l2_event()
    var isChange = false
    // There is an error where there is none.
    while (try? device.call("VIDIOC_DQEVENT", texalloc_dqevent, &event)) != nil {
      let changes = unsafe event.u.src_change.changes
      if event.type == V4L2_EVENT_SOURCE_CHANGE,
        changes & UInt32(V4L2_EVENT_SRC_CH_RESOLUTION) != 0
      {
        isChange = true
      }
    }
    return isChange
  }

  /// Has the driver forget all that was fed, and take what comes.
  mutating func restart() throws(VideoError) {
    queue.stop()
    free = Array(0..<queue.count)
    try queue.start()
  }

  func close() { queue.close() }
}

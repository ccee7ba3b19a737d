/// Where a request is.
public enum AssetState: String, Hashable, Sendable {
  /// It waits for a thread, or for others to make room.
  case queued
  case reading
  /// It was read, and waits for a decoder, or for memory.
  case read
  case decoding
  /// It waits for the device's thread.
  case decoded
  /// Its caller was told, or is told by the next poll.
  case ended
}

/// What a loader has under way, and what it did so far.
public struct AssetStatistics: Hashable, Sendable {
  /// Requests that wait for a thread that reads, those that wait for the same file counted once. So for
  /// all that are not yet ended.
  public internal(set) var queued = 0
  public internal(set) var reading = 0
  /// Those that were read, and wait for a decoder or for memory.
  public internal(set) var read = 0
  public internal(set) var decoding = 0
  /// Those that wait for the device's thread.
  public internal(set) var decoded = 0
  /// Whether decoders wait for the pool to have memory again.
  public internal(set) var isShortOfMemory = false

  /// Requests that ended so far.
  public internal(set) var loaded = 0
  /// Those of them whose decoding the GPU finished.
  public internal(set) var finishedByGPU = 0
  public internal(set) var failed = 0
  public internal(set) var cancelled = 0
  /// Requests that shared the work of another.
  public internal(set) var joined = 0

  /// Bytes of files that wait for a decoder.
  public internal(set) var encodedBytes = 0
  /// Bytes of images that wait for the device's thread, or that are being decoded.
  public internal(set) var decodedBytes = 0
  /// Bytes of files that were read so far.
  public internal(set) var bytesRead = 0
  /// Bytes of images that were decoded so far.
  public internal(set) var bytesDecoded = 0
  /// All stages of all that were loaded.
  public internal(set) var times = AssetTimes()

  /// Requests that are not ended yet.
  public var underWay: Int { queued + reading + read + decoding + decoded }
}

/// How long each stage of a request took.
public struct AssetTimes: Hashable, Sendable {
  /// Behind others, and for memory.
  public internal(set) var waiting = Duration.zero
  /// Of the file, on a thread for that.
  public internal(set) var reading = Duration.zero
  /// Header, memory and pixels, on a decoder's thread.
  public internal(set) var decoding = Duration.zero
  /// Import, transfer or upload, on the device's thread.
  public internal(set) var registering = Duration.zero

  static func += (left: inout AssetTimes, right: AssetTimes) {
    left.waiting += right.waiting
    left.reading += right.reading
    left.decoding += right.decoding
    left.registering += right.registering
  }
}

/// What a poll did.
public struct AssetPoll: Hashable, Sendable {
  /// How many requests have ended, and their completions were called.
  public internal(set) var ended = 0
  /// Whether there is more to do at once: the budget was spent.
  public internal(set) var isMoreToDo = false
  /// Names of textures that are gone, for renderers that remember what they have bound: others are to have
  /// them. Empty for devices that give none.
  public internal(set) var namesGone: [UInt32] = []
}

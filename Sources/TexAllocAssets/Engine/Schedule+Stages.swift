internal import TexAlloc

/// A file that is to be read.
struct ReadWork {
  let job: Int
  let request: AssetRequest
  let key: AssetKey?
  let signal: AssetSignal
}

/// A file that is to be decoded.
struct DecodeWork {
  let job: Int
  let request: AssetRequest
  let key: AssetKey?
  let signal: AssetSignal
  let file: EncodedFile
  let pool: TexturePool
  /// Why the device does not finish it; nil where it is to be asked.
  let obstacle: String?
}

extension Schedule {
  /// Counted for a file whose size is not known yet.
  private static let supposedSize = 1 << 18

  /// Files that may be read now, the most urgent first.
  mutating func takeReads() -> [ReadWork] {
    var works: [ReadWork] = []
    while figures.reading < limits.reads, let lane = nextLane,
      figures.encodedBytes < limits.encodedBytes || figures.encodedBytes == 0,
      let number = lanes[lane].queue.popFirst()
    {
      jobs[number].enter(.reading(lane: lane))
      lanes[lane].reading += 1
      figures.reading += 1
      countEncoded(Self.supposedSize, of: number)
      let job = jobs[number]
      works.append(
        ReadWork(job: number, request: job.request, key: job.key, signal: job.signal))
    }
    return works
  }

  /// Of those that may have one more, the one whose next file is the most urgent.
  private var nextLane: Int? {
    var best: (lane: Int, key: AssetQueue.Key)?
    for (index, lane) in lanes.enumerated() where lane.reading < limits.readsInOneMount {
      guard let key = lane.queue.first?.key, best.map({ $0.key < key }) ?? true else { continue }
      best = (index, key)
    }
    return best?.lane
  }

  mutating func countEncoded(_ bytes: Int, of job: Int) {
    figures.encodedBytes += bytes - jobs[job].encodedBytes
    jobs[job].encodedBytes = bytes
  }

  /// - Returns: What is no longer needed, to be let go of when the schedule is.
  mutating func endReading(_ number: Int, _ outcome: Result<EncodedFile, AssetError>) -> Job? {
    guard case .reading(let lane) = jobs[number].stage else { preconditionFailure("not reading") }
    lanes[lane].reading -= 1
    figures.reading -= 1
    if jobs[number].loads.isEmpty { return drop(number) }
    switch outcome {
    case .failure(var error): return fail(number, error: &error)
    case .success(let file):
      figures.bytesRead += file.source.size
      countEncoded(file.source.size, of: number)
      jobs[number].file = file
      jobs[number].enter(.read)
      toDecode.insert(number, jobs[number].queueKey)
      return nil
    }
  }
}

extension Schedule {
  /// Files that may be decoded now, the most urgent first.
  mutating func takeDecodes() -> [DecodeWork] {
    var works: [DecodeWork] = []
    while figures.decoding < decoders, !isShort,
      figures.decodedBytes < limits.decodedBytes || figures.decodedBytes == 0,
      let number = toDecode.popFirst()
    {
      jobs[number].enter(.decoding)
      figures.decoding += 1
      let job = jobs[number]
      guard let file = job.file else { preconditionFailure("not read") }
      works.append(
        DecodeWork(
          job: number, request: job.request, key: job.key, signal: job.signal, file: file,
          pool: pool, obstacle: job.obstacle))
    }
    return works
  }

  /// Counts the memory of an image that is being decoded.
  mutating func countDecoded(_ bytes: Int, of job: Int) {
    figures.decodedBytes += bytes - jobs[job].decodedBytes
    jobs[job].decodedBytes = bytes
  }

  /// - Parameter pool: The one that the memory was wanted of.
  /// - Returns: What is no longer needed, to be let go of when the schedule is.
  mutating func endDecoding(
    _ number: Int, _ outcome: DecodeOutcome, in pool: TexturePool
  ) -> Job? {
    figures.decoding -= 1
    if jobs[number].loads.isEmpty { return drop(number) }
    switch outcome {
    case .failed(let stage, let reason): return fail(number, stage, reason)
    case .noMemory:
      // What came back meanwhile, or is still to be let go of, may do.
      isShort = pool === self.pool
      countDecoded(0, of: number)
      jobs[number].enter(.read)
      toDecode.insert(number, jobs[number].queueKey)
    case .image(let image):
      guard pool === self.pool || image.isForAnyDevice else {
        decodeAgain(number)
        return nil
      }
      countDecoded(image.size, of: number)
      countEncoded(0, of: number)
      figures.bytesDecoded += image.size
      jobs[number].file = nil
      jobs[number].image = image
      queueDecoded(number)
      callFetchers(of: number)
    }
    return nil
  }

  /// For another device than that for which its memory was made.
  private mutating func decodeAgain(_ number: Int) {
    countDecoded(0, of: number)
    jobs[number].enter(.read)
    toDecode.insert(number, jobs[number].queueKey)
  }

  mutating func callFetchers(of number: Int) {
    news += jobs[number].loads.compactMap { loads[$0.number].listener.fetch }
  }
}

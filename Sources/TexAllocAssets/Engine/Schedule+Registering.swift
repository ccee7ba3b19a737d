internal import TexAlloc

/// An image that is to be registered.
struct RegisterWork {
  let job: Int
  let contents: DecodedImage.Contents
  let isMipmapped: Bool
  /// Where that has begun.
  let finishing: AssetDevice.FinishingStep?
}

extension Schedule {
  /// Whether a poll finds something to do.
  var hasSomethingForPoll: Bool {
    told < endings.count || !toRegister.isEmpty || !toFinish.isEmpty
  }

  /// Whether somebody who sleeps is to poll.
  var wakesUp: Bool { hasSomethingForPoll && refusingDevice != deviceNumber }

  /// What is to be told next.
  mutating func takeEnding() -> (@Sendable () -> Void)? {
    guard told < endings.count else { return nil }
    defer {
      told += 1
      if told == endings.count { (endings, told) = ([], 0) }
    }
    return endings[told].tell
  }

  /// The most urgent image.
  ///
  /// - Parameter finishing: Whether it may be one whose pixels the device makes.
  mutating func takeRegistration(finishing: Bool) -> RegisterWork? {
    let (ready, unfinished) = (toRegister.first, finishing ? toFinish.first : nil)
    guard let first = ready ?? unfinished else { return nil }
    guard let unfinished, first.key < unfinished.key else {
      return takeRegistration(of: first.number)
    }
    return takeRegistration(of: unfinished.number)
  }

  /// The image of a request; nil where it has ended or is not decoded.
  mutating func takeRegistration(of id: LoadID) -> RegisterWork? {
    guard let number = job(of: id), case .decoded = jobs[number].stage else { return nil }
    return takeRegistration(of: number)
  }

  private mutating func takeRegistration(of number: Int) -> RegisterWork {
    removeDecoded(number)
    let job = jobs[number]
    job.enter(.registering)
    guard let image = job.image else { preconditionFailure("not decoded") }
    return RegisterWork(
      job: number, contents: image.contents, isMipmapped: job.request.isMipmapped,
      finishing: job.finishing)
  }

  /// Puts an image back that the device has not taken, since it is gone, or not taken whole.
  ///
  /// - Parameter finishing: How it goes on.
  /// - Returns: What is no longer needed, to be let go of when the schedule is.
  mutating func putBack(_ number: Int, finishing: AssetDevice.FinishingStep?) -> Job? {
    if jobs[number].loads.isEmpty { return drop(number) }
    jobs[number].finishing = finishing
    queueDecoded(number)
    return nil
  }

  /// Has an image decoded to pixels of which the device made none.
  ///
  /// - Returns: What is no longer needed, to be let go of when the schedule is.
  mutating func decodeToPixels(
    _ number: Int, because obstacle: String, mount: (AssetRequest) -> String
  ) -> (Job?, DecodedImage?) {
    if jobs[number].loads.isEmpty { return (drop(number), nil) }
    jobs[number].obstacle = obstacle
    defer { decodeAgain(number, mount: mount) }
    return (nil, jobs[number].image)
  }

  /// Has an image wait for the device's thread.
  mutating func queueDecoded(_ number: Int) {
    let job = jobs[number]
    job.enter(.decoded)
    if case .coefficients = job.image?.contents {
      toFinish.insert(number, job.queueKey)
    } else {
      toRegister.insert(number, job.queueKey)
    }
  }

  mutating func removeDecoded(_ number: Int) {
    if toFinish.contains(number) { toFinish.remove(number) } else { toRegister.remove(number) }
  }

  /// Has a file decoded again whose image is of no use.
  private mutating func decodeAgain(_ number: Int, mount: (AssetRequest) -> String) {
    let job = jobs[number]
    countDecoded(0, of: number)
    (job.image, job.finishing) = (nil, nil)
    job.file = EncodedFile(inMemory: job.request)
    if job.file != nil {
      job.enter(.read)
      toDecode.insert(number, job.queueKey)
    } else {
      queue(number, mount: mount(job.request))
    }
  }

  /// - Returns: Whom to tell, with the job, to be let go of when the schedule is.
  mutating func endRegistering(
    _ number: Int, _ outcome: Result<any Registration, RegistrationRefused>
  ) -> (listeners: [AssetListener], outcome: AssetOutcome, Job) {
    jobs[number].enter(.registering)
    let listeners = jobs[number].loads.map { loads.remove($0.number).listener }
    jobs[number].loads = []
    let job = drop(number)
    guard let image = job.image else { preconditionFailure("not decoded") }
    switch outcome {
    case .success(let registration):
      figures.loaded += listeners.count
      if registration.buffer.finisher == .gpu { figures.finishedByGPU += listeners.count }
      figures.times += job.times
      let loaded = LoadedImage(
        registration: registration, header: image.header, report: image.report, times: job.times)
      return (listeners, .success(loaded), job)
    case .failure(let refusal):
      figures.failed += listeners.count
      let error = AssetError(job.request.name, .registering, .device(refusal))
      return (listeners, .failure(error), job)
    }
  }

  /// Goes on with another device: what the last one's own memory holds is decoded again.
  ///
  /// - Returns: What is no longer needed, to be let go of when the schedule is.
  mutating func goOn(with pool: TexturePool, mount: (AssetRequest) -> String) -> [DecodedImage] {
    self.pool = pool
    deviceNumber += 1
    isShort = false
    var gone: [DecodedImage] = []
    for number in jobs.numbers {
      guard case .decoded = jobs[number].stage, let image = jobs[number].image else { continue }
      guard !image.isForAnyDevice else {
        callFetchers(of: number)
        continue
      }
      gone.append(image)
      removeDecoded(number)
      decodeAgain(number, mount: mount)
    }
    return gone
  }

  /// Ends all that is under way.
  ///
  /// - Returns: What is no longer needed, to be let go of when the schedule is.
  mutating func close() -> [Job] {
    isClosed = true
    return jobs.numbers.flatMap { jobs[$0].loads }.compactMap { cancel($0, as: .closed) }
  }
}

extension Schedule {
  var statistics: AssetStatistics {
    var statistics = figures
    statistics.queued = lanes.reduce(0) { $0 + $1.queue.count }
    statistics.read = toDecode.count
    statistics.decoded = toRegister.count + toFinish.count
    statistics.isShortOfMemory = isShort
    return statistics
  }
}

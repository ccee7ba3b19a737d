internal import TexAlloc

/// An image that is to be registered.
struct RegisterWork {
  let job: Int
  let buffer: TextureBuffer
}

extension Schedule {
  /// Whether a poll finds something to do.
  var hasSomethingForPoll: Bool { told < endings.count || !toRegister.isEmpty }

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
  mutating func takeRegistration() -> RegisterWork? {
    toRegister.first.map { takeRegistration(of: $0.number) }
  }

  /// The image of a request; nil where it has ended or is not decoded.
  mutating func takeRegistration(of id: LoadID) -> RegisterWork? {
    guard let number = job(of: id), case .decoded = jobs[number].stage else { return nil }
    return takeRegistration(of: number)
  }

  private mutating func takeRegistration(of number: Int) -> RegisterWork {
    toRegister.remove(number)
    jobs[number].enter(.registering)
    guard let image = jobs[number].image else { preconditionFailure("not decoded") }
    return RegisterWork(job: number, buffer: image.buffer)
  }

  /// Puts an image back that the device did not take because it is gone.
  mutating func putBack(_ number: Int) {
    if jobs[number].loads.isEmpty {
      _ = drop(number)
    } else {
      jobs[number].enter(.decoded)
      toRegister.insert(number, jobs[number].queueKey)
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
    isShort = false
    var gone: [DecodedImage] = []
    for number in jobs.numbers {
      guard case .decoded = jobs[number].stage, let image = jobs[number].image else { continue }
      guard !image.isForAnyDevice else {
        callFetchers(of: number)
        continue
      }
      gone.append(image)
      toRegister.remove(number)
      countDecoded(0, of: number)
      jobs[number].image = nil
      jobs[number].file = EncodedFile(inMemory: jobs[number].request)
      if jobs[number].file != nil {
        jobs[number].enter(.read)
        toDecode.insert(number, jobs[number].queueKey)
      } else {
        queue(number, mount: mount(jobs[number].request))
      }
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
    statistics.decoded = toRegister.count
    statistics.isShortOfMemory = isShort
    return statistics
  }
}

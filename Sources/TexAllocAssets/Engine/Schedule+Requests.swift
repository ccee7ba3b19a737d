internal import Synchronization
internal import TexAlloc

extension Schedule {
  /// Takes a request.
  ///
  /// - Parameters:
  ///   - mount: The file system that its file lies in.
  ///   - image: What it was decoded to already, where that is so.
  mutating func submit(
    _ request: AssetRequest, mount: String, _ listener: AssetListener, image: DecodedImage? = nil
  ) -> LoadID {
    let key = image == nil ? AssetKey(request) : nil
    let known = key.flatMap { self.known[$0] }
    if known != nil { figures.joined += 1 }
    let job = known ?? enter(request, key, mount: mount, image)
    let number = loads.insert(Load(job: job, priority: request.priority, listener: listener))
    let id = LoadID(number: number, generation: loads.generation(of: number))
    jobs[job].loads.append(id)
    if known != nil {
      jobs[job].isShared = true
      if jobs[job].priority < request.priority { change(job, to: request.priority) }
    }
    if image != nil { listener.fetch.map { news.append($0) } }
    if isClosed { end(id, AssetError(request.name, .queued, .closed)) }
    return id
  }

  private mutating func enter(
    _ request: AssetRequest, _ key: AssetKey?, mount: String, _ image: DecodedImage?
  ) -> Int {
    let file = image == nil ? EncodedFile(inMemory: request) : nil
    let job = Job(
      request, key, image == nil ? .read : .decoded, file: file, image: image, order: nextOrder())
    let number = jobs.insert(job)
    if let key { known[key] = number }
    if image != nil {
      toRegister.insert(number, job.queueKey)
    } else if file != nil {
      toDecode.insert(number, job.queueKey)
    } else {
      queue(number, mount: mount)
    }
    return number
  }

  /// Has its file read, when its turn comes.
  mutating func queue(_ number: Int, mount: String) {
    let lane = lane(of: mount)
    jobs[number].enter(.queued(lane: lane))
    lanes[lane].queue.insert(number, jobs[number].queueKey)
  }

  private mutating func lane(of mount: String) -> Int {
    if let lane = lanes.firstIndex(where: { $0.mount == mount }) { return lane }
    lanes.append(Lane(mount: mount))
    return lanes.count - 1
  }

  /// nil where it has ended.
  func job(of id: LoadID) -> Int? {
    loads.generation(of: id.number) == id.generation ? loads[id.number].job : nil
  }

  mutating func prioritize(_ changes: [(LoadID, AssetPriority)]) {
    for (id, priority) in changes {
      guard let number = job(of: id) else { continue }
      loads[id.number].priority = priority
      let job = jobs[number]
      let most = job.isShared ? job.loads.map { loads[$0.number].priority }.max() : priority
      change(number, to: most ?? priority)
    }
  }

  private mutating func change(_ number: Int, to priority: AssetPriority) {
    let job = jobs[number]
    job.priority = priority
    job.order = nextOrder()
    switch job.stage {
    case .queued(let lane): lanes[lane].queue.change(number, to: job.queueKey)
    case .read: toDecode.change(number, to: job.queueKey)
    case .decoded:
      removeDecoded(number)
      queueDecoded(number)
    case .reading, .decoding, .registering: break
    }
  }

  /// Ends a request without a texture; answers what of it is no longer needed, to be let go of when the
  /// schedule is.
  @discardableResult
  mutating func cancel(_ id: LoadID, as reason: AssetError.Reason) -> Job? {
    guard let number = job(of: id) else { return nil }
    let job = jobs[number]
    end(id, AssetError(job.request.name, job.stage.asError, reason))
    guard jobs[number].loads.isEmpty else { return nil }
    if let key = job.key, known[key] == number { known[key] = nil }
    job.signal.isWanted.store(false, ordering: .relaxed)
    return job.stage.isOnAThread ? nil : drop(number)
  }

  /// Ends a request with an error.
  mutating func end(_ id: LoadID, _ error: AssetError) {
    guard let job = job(of: id) else { return }
    jobs[job].loads.removeAll { $0 == id }
    let listener = loads.remove(id.number).listener
    if error.isByWish { figures.cancelled += 1 } else { figures.failed += 1 }
    let tell: @Sendable () -> Void = { listener.end(.failure(error)) }
    if listener.fetch != nil { news.append(tell) } else { endings.append((id, tell)) }
  }

  /// Ends all requests of a job with an error, and the job.
  mutating func fail(_ number: Int, _ stage: AssetError.Stage, _ reason: AssetError.Reason) -> Job {
    var error = AssetError(jobs[number].request.name, stage, reason)
    return fail(number, error: &error)
  }

  mutating func fail(_ number: Int, error: inout AssetError) -> Job {
    for id in jobs[number].loads { end(id, error) }
    return drop(number)
  }

  /// Takes a job away that nobody waits for.
  mutating func drop(_ number: Int) -> Job {
    switch jobs[number].stage {
    case .queued(let lane): lanes[lane].queue.remove(number)
    case .read: toDecode.remove(number)
    case .decoded: removeDecoded(number)
    case .reading, .decoding, .registering: break
    }
    let job = jobs.remove(number)
    figures.encodedBytes -= job.encodedBytes
    figures.decodedBytes -= job.decodedBytes
    if job.decodedBytes > 0 { isShort = false }
    if let key = job.key, known[key] == number { known[key] = nil }
    return job
  }
}

extension AssetError {
  /// Whether nobody wanted it any more, rather than that something failed.
  fileprivate var isByWish: Bool { reason == .cancelled || reason == .closed }
}

internal import Glibc
internal import Synchronization
internal import SystemPackage
internal import TexAlloc

/// What a loader does, on which threads; the schedule says in which order. It knows no device but by what
/// it asks of one, and lives until its threads are done.
final class AssetEngine: Sendable {
  let decoders: [any ImageDecoder]
  let workers: WorkerThreads
  let disk: Disk
  let limits: AssetLimits
  /// Who finishes the decoding of pictures whose requests do not say.
  private let finisher: Finisher?
  let device: Mutex<AssetDevice>
  /// What the last image took to register: nanoseconds.
  let lastCost = Atomic(0)
  /// For files that are being read, or wait for a decoder.
  let memory: FileMemory
  private let schedule: Mutex<Schedule>
  private let readers: WorkerThreads
  private let failures = FailureMemory()
  /// Milliseconds before it is looked again whether there is memory.
  private let patience = Atomic(4)
  private let event: EventDescriptor

  init(
    _ device: AssetDevice, _ pool: TexturePool, _ decoders: [any ImageDecoder],
    _ limits: AssetLimits, on workers: WorkerThreads?, finishedBy finisher: Finisher? = nil,
    from disk: Disk
  ) throws(SystemFailure) {
    self.device = Mutex(device)
    self.decoders = decoders
    self.limits = limits
    self.finisher = finisher
    self.disk = disk
    memory = FileMemory(keeping: limits.encodedBytes)
    if let workers {
      self.workers = workers
    } else {
      self.workers = try WorkerThreads(named: "texalloc-decode")
    }
    // One more, to look whether there is memory.
    readers = try WorkerThreads(limits.reads + 1, named: "texalloc-read")
    event = try EventDescriptor(named: "assets")
    schedule = Mutex(Schedule(limits, decoders: self.workers.limit, pool))
  }

  /// Readable while a poll has something to do, and the device has not refused one for good.
  var wakeUp: FileDescriptor { event.descriptor }

  var statistics: AssetStatistics { schedule.withLock { $0.statistics } }

  /// Changes the schedule, then begins what may begin by now, and tells who is to be told at once.
  func update<Outcome: Sendable>(_ body: (inout Schedule) -> Outcome) -> Outcome {
    let (outcome, reads, decodes, news, naps) = schedule.withLock { schedule in
      let outcome = body(&schedule)
      let works = (schedule.takeReads(), schedule.takeDecodes())
      if schedule.wakesUp && !schedule.isSignalled {
        schedule.isSignalled = true
        event.signal()
      }
      let naps = schedule.isShort && !schedule.isNapping && !schedule.isClosed
      if naps { schedule.isNapping = true }
      defer { schedule.news = [] }
      return (outcome, works.0, works.1, schedule.news, naps)
    }
    for work in reads { readers.begin { [self] in read(work) } }
    for work in decodes { workers.begin { [self] in decode(work) } }
    if naps { readers.begin { [self] in nap() } }
    for tell in news { tell() }
    return outcome
  }

  /// Looks at the schedule, or changes in it what lets nothing begin.
  func look<Outcome: Sendable>(_ body: (inout Schedule) -> Outcome) -> Outcome {
    schedule.withLock { body(&$0) }
  }

  /// Has the wake-up descriptor say what is so.
  func settleSignal() {
    schedule.withLock { schedule in
      guard schedule.isSignalled != schedule.wakesUp else { return }
      schedule.isSignalled.toggle()
      if schedule.isSignalled { event.signal() } else { event.take() }
    }
  }

  // MARK: Threads

  /// Has something short done on a thread of its own.
  func elsewhere(_ body: @escaping @Sendable () -> Void) { readers.begin(body) }

  private func read(_ work: ReadWork) {
    let outcome = work.run(on: disk, failures, limit: limits.fileBytes, into: memory) { size in
      look { $0.countEncoded(size, of: work.job) }
    }
    _ = update { $0.endReading(work.job, outcome) }
  }

  private func decode(_ work: DecodeWork) {
    let device = device.withLock { $0 }
    let demanded = work.request.finisher ?? finisher
    let outcome = work.run(
      by: decoders, on: workers, finishedBy: { device.finisher($0, $1, demanded) }
    ) { size in
      update { $0.countDecoded(size, of: work.job) }
    }
    switch outcome {
    case .image: patience.store(4, ordering: .relaxed)
    case .failed(let stage, let reason):
      failures.remember(
        work.key, work.file.identity, AssetError(work.request.name, stage, reason))
    case .noMemory: break
    }
    _ = update { $0.endDecoding(work.job, outcome, in: work.pool) }
  }

  /// Nobody tells when a pool has memory again.
  private func nap() {
    let time = patience.load(ordering: .relaxed)
    patience.store(min(64, time * 2), ordering: .relaxed)
    usleep(UInt32(time) * 1000)
    update { schedule in
      schedule.isNapping = false
      schedule.isShort = false
    }
  }
}

// MARK: Requests

extension AssetEngine {
  func submit(
    _ request: AssetRequest, _ listener: AssetListener, image: DecodedImage? = nil
  ) -> LoadID {
    let mount = mount(of: request)
    return update { $0.submit(request, mount: mount, listener, image: image) }
  }

  func mount(of request: AssetRequest) -> String {
    switch request.source {
    case .path(let path): disk.mount(path)
    case .opened: "descriptors"
    }
  }

  func cancel(_ ids: [LoadID]) {
    _ = update { schedule in ids.compactMap { schedule.cancel($0, as: .cancelled) } }
  }

  func prioritize(_ changes: [(LoadID, AssetPriority)]) { look { $0.prioritize(changes) } }

  func priority(of id: LoadID) -> AssetPriority {
    look { schedule in
      schedule.job(of: id) == nil ? .normal : schedule.loads[id.number].priority
    }
  }

  func state(of id: LoadID) -> AssetState {
    look { schedule in
      schedule.job(of: id).map { schedule.jobs[$0].stage.asState } ?? .ended
    }
  }

  func progress(of id: LoadID) -> Double {
    let signal = look { schedule in schedule.job(of: id).map { schedule.jobs[$0].signal } }
    return signal.map { Double($0.progress.load(ordering: .relaxed)) / 1000 } ?? 1
  }

  /// Goes on with another device.
  func goOn(with device: AssetDevice, _ pool: TexturePool) {
    self.device.withLock { $0 = device }
    _ = update { $0.goOn(with: pool, mount: mount) }
  }

  /// Ends all that is under way, and tells so here.
  func close() {
    let (_, endings) = update { schedule in
      let jobs = schedule.close()
      var endings: [@Sendable () -> Void] = []
      while let tell = schedule.takeEnding() { endings.append(tell) }
      return (jobs, endings)
    }
    for tell in endings { tell() }
  }
}

internal import Synchronization
internal import TexAlloc

extension AssetEngine {
  /// Tells what ended, and registers what is decoded, until the time is up or there is nothing more.
  ///
  /// - Throws: What says that nothing can be registered here and now.
  func poll(budget: Duration) throws(RegistrationRefused) -> AssetPoll {
    let device = device.withLock { $0 }
    try device.requireReady()
    let start = ContinuousClock.now
    var poll = AssetPoll()
    repeat {
      if let tell = look({ $0.takeEnding() }) {
        poll.ended += 1
        tell()
      } else if let work = look({ $0.takeRegistration() }) {
        poll.ended += try register(work, on: device)
      } else {
        break
      }
    } while ContinuousClock.now - start + expectedCost < budget
    poll.namesGone = device.collect()
    // Whatever the application has let go of since.
    update { $0.isShort = false }
    settleSignal()
    poll.isMoreToDo = look { $0.hasSomethingForPoll }
    return poll
  }

  /// Registers the image of a request, if it has one; by then it has ended.
  ///
  /// - Throws: What says that nothing can be registered here and now.
  func fetch(_ id: LoadID) throws(RegistrationRefused) {
    let device = device.withLock { $0 }
    try device.requireReady()
    if let work = look({ $0.takeRegistration(of: id) }) { _ = try register(work, on: device) }
    settleSignal()
  }

  private var expectedCost: Duration { .nanoseconds(lastCost.load(ordering: .relaxed)) }

  /// - Returns: How many requests it was for.
  private func register(
    _ work: RegisterWork, on device: AssetDevice
  ) throws(RegistrationRefused) -> Int {
    let start = ContinuousClock.now
    let outcome: Result<any Registration, RegistrationRefused>
    do { outcome = .success(try device.register(work.buffer)) } catch {
      if error.isOfTheDevice {
        update { $0.putBack(work.job) }
        throw error
      }
      outcome = .failure(error)
    }
    let cost = ContinuousClock.now - start
    lastCost.store(Int(cost / .nanoseconds(1)), ordering: .relaxed)
    // The job goes with its last use here, and nothing is held of it when callers are told.
    let (listeners, told) = update { schedule in
      let (listeners, outcome, _) = schedule.endRegistering(work.job, outcome)
      return (listeners, outcome)
    }
    for listener in listeners { listener.end(told) }
    return listeners.count
  }
}

extension RegistrationRefused {
  /// Whether it takes nothing, here and now.
  fileprivate var isOfTheDevice: Bool {
    cause == .lost || cause == .closed || cause == .wrongThread
  }
}

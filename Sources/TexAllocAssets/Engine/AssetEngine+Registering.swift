internal import Synchronization
internal import TexAlloc

extension AssetEngine {
  /// Tells what ended, and registers what is decoded, until the time is up or there is nothing more.
  ///
  /// - Throws: What says that nothing can be registered here and now; nobody was told anything then.
  func poll(budget: Duration) throws(RegistrationRefused) -> AssetPoll {
    // First, so that a device which is exchanged now is not taken for the one that refuses.
    let number = look { $0.deviceNumber }
    do throws(RegistrationRefused) {
      return try poll(budget: budget, on: device.withLock { $0 })
    } catch {
      if error.isFinal { look { $0.refusingDevice = number } }
      settleSignal()
      throw error
    }
  }

  private func poll(
    budget: Duration, on device: AssetDevice
  ) throws(RegistrationRefused) -> AssetPoll {
    try device.requireReady()
    let start = ContinuousClock.now
    var poll = AssetPoll()
    var timeOfDevice: Duration? = Self.mostOfDevice
    repeat {
      if let tell = look({ $0.takeEnding() }) {
        poll.ended += 1
        tell()
      } else if let work = look({
        $0.takeRegistration(finishing: timeOfDevice ?? .zero > .zero)
      }) {
        do throws(RegistrationRefused) {
          poll.ended += try register(work, on: device, within: &timeOfDevice)
        } catch {
          // Those who were told are counted; the next poll throws.
          if poll.ended == 0 { throw error }
          break
        }
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
  /// - Returns: Whether it is to be called again in some milliseconds, since the device has enough to do.
  /// - Throws: What says that nothing can be registered here and now.
  func fetch(_ id: LoadID) throws(RegistrationRefused) -> Bool {
    let device = device.withLock { $0 }
    try device.requireReady()
    var time: Duration? = Self.mostOfDevice
    var isUnfinished = false
    if let work = look({ $0.takeRegistration(of: id) }) {
      isUnfinished = try register(work, on: device, within: &time) == 0
    }
    settleSignal()
    return isUnfinished
  }

  /// What a frame may be kept waiting for by pictures that the device finishes.
  static let mostOfDevice = Duration.milliseconds(2)

  private var expectedCost: Duration { .nanoseconds(lastCost.load(ordering: .relaxed)) }

  /// - Parameter time: What the device may have to do for pictures; afterwards less what it has.
  /// - Returns: How many requests it was for; 0 where it is not done.
  private func register(
    _ work: RegisterWork, on device: AssetDevice, within time: inout Duration?
  ) throws(RegistrationRefused) -> Int {
    let start = ContinuousClock.now
    let outcome: Result<any Registration, RegistrationRefused>
    do throws(RegistrationRefused) {
      switch work.contents {
      case .pixels(let buffer): outcome = .success(try device.register(buffer))
      case .coefficients(let stream):
        let step: AssetDevice.FinishingStep
        if let begun = work.finishing {
          step = begun
        } else {
          step = try device.finish(stream, work.isMipmapped)
        }
        guard let registration = try step(&time) else {
          _ = update { $0.putBack(work.job, finishing: step) }
          return 0
        }
        outcome = .success(registration)
      }
    } catch {
      if error.isOfTheDevice {
        // In another context it would have to begin anew.
        _ = update { $0.putBack(work.job, finishing: nil) }
        throw error
      }
      if case .coefficients = work.contents {
        _ = update { $0.decodeToPixels(work.job, because: "\(error)", mount: mount) }
        return 0
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
  fileprivate var isOfTheDevice: Bool { isFinal || cause == .wrongThread }

  /// Whether it will never take anything again.
  fileprivate var isFinal: Bool { cause == .lost || cause == .closed }
}

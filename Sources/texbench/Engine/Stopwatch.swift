internal import Glibc

/// Times one turn of a route, stage by stage.
///
/// What a turn does between ``finish()`` and its end is no part of what is compared: stages that end
/// there are reported beside it, and the rest, clearing up, not at all.
struct Stopwatch {
  /// From the start of the turn to ``finish()``.
  private(set) var total = Cost.zero
  private(set) var stages: [Stage: Cost] = [:]
  private(set) var faults = 0
  private(set) var isFinished = false
  private var lap: Cost
  private var start: Cost
  private var faultsBefore: Int
  private let atFinish: () -> Void

  /// - Parameter atFinish: Looks at the process while the route holds all that it needs.
  init(atFinish: @escaping () -> Void = {}) {
    self.atFinish = atFinish
    stages.reserveCapacity(Stage.allCases.count)
    faultsBefore = PageFaults.now()
    start = .now()
    lap = start
  }

  /// Ends a stage: what was done since the one before, or since the start.
  mutating func end(_ stage: Stage) {
    let now = Cost.now()
    stages[stage] = stages[stage, default: .zero] + (now - lap)
    lap = now
  }

  /// What was done so far was getting ready.
  mutating func restart() {
    faultsBefore = PageFaults.now()
    start = .now()
    lap = start
  }

  /// The work that routes are compared by is done.
  mutating func finish() {
    total = .now() - start
    faults = PageFaults.now() - faultsBefore
    isFinished = true
    atFinish()
    lap = .now()
  }
}

extension Cost {
  /// What the process has taken since it began.
  static func now() -> Cost {
    Cost(cpu: nanoseconds(CLOCK_PROCESS_CPUTIME_ID), wall: nanoseconds(CLOCK_MONOTONIC))
  }

  private static func nanoseconds(_ clock: clockid_t) -> Double {
    var time = timespec()
    unsafe clock_gettime(clock, &time)
    return Double(time.tv_sec) * 1e9 + Double(time.tv_nsec)
  }
}

enum PageFaults {
  /// How often the process has touched a page that was not mapped yet, by getrusage(2).
  static func now() -> Int {
    var usage = rusage()
    unsafe getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
    return usage.ru_minflt
  }
}

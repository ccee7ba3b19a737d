internal import ProgramSupport

/// How long each part of a run takes, in the order in which they begin.
struct StageTimer {
  private(set) var stages: [DemoReport.Stage] = []
  private var last = ContinuousClock.now

  /// Ends a stage that began when the one before it ended.
  mutating func end(_ name: String) {
    let now = ContinuousClock.now
    stages.append(DemoReport.Stage(name: name, milliseconds: (now - last).milliseconds))
    last = now
  }
}

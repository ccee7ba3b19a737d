internal import Dispatch
internal import Glibc
internal import Synchronization

/// Whether somebody has asked the program to end: by Ctrl-C (`SIGINT`) or `SIGTERM`. As long as this lives,
/// the first of them ends nothing by itself, and the second does.
package final class Interruption: Sendable {
  private static let signals = [SIGINT, SIGTERM]

  private final class Flag: Sendable {
    let isSet = Atomic(false)
  }

  private let flag: Flag
  // Made, and cancelled at the end, by nobody else.
  private nonisolated(unsafe) let sources: [any DispatchSourceSignal]

  package init() {
    let flag = Flag()
    self.flag = flag
    unsafe sources = Self.signals.map { number in
      signal(number, SIG_IGN)
      let source = DispatchSource.makeSignalSource(signal: number)
      source.setEventHandler {
        flag.isSet.store(true, ordering: .relaxed)
        Self.restore()
      }
      source.resume()
      return source
    }
  }

  deinit {
    for source in unsafe sources { source.cancel() }
    Self.restore()
  }

  package var hasHappened: Bool { flag.isSet.load(ordering: .relaxed) }

  private static func restore() {
    for number in signals { signal(number, SIG_DFL) }
  }
}

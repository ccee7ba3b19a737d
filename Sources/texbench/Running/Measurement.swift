internal import ArgumentParser
internal import ProgramSupport

/// A subcommand that measures.
protocol Measurement: ParsableCommand {
  var options: RunOptions { get }

  /// Measures, and leaves what it finds in the bench's section.
  func measure(on bench: Bench) throws
}

extension Measurement {
  func run() throws {
    try Self.stating { try options.run { bench in try bench.measure(self) } }
  }
}

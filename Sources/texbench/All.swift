internal import ArgumentParser
internal import ProgramSupport

struct All: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Every measurement, one after the other, with its own settings.")

  @OptionGroup var options: RunOptions

  func run() throws {
    try Self.stating {
      try options.run { bench in
        for measurement in Texbench.measurements { try bench.measure(measurement.parse([])) }
      }
    }
  }
}

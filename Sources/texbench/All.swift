internal import ArgumentParser

struct All: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Every measurement, one after the other, with its own settings.")

  @OptionGroup var options: RunOptions

  func run() throws {
    try options.run { bench in
      for measurement in Texbench.measurements { try bench.measure(measurement.parse([])) }
    }
  }
}

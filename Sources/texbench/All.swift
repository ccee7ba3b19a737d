internal import ArgumentParser

struct All: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Every measurement, one after the other, with its own settings.")

  func run() throws {
    for measurement in Texbench.measurements {
      print("\n\(measurement.configuration.abstract)")
      var command = try measurement.parseAsRoot([])
      try command.run()
    }
  }
}

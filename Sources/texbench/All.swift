internal import ArgumentParser
internal import ProgramSupport

struct All: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Every measurement, one after the other, with its own settings.")

  @OptionGroup var options: RunOptions

  func run() throws {
    try Self.stating {
      try options.run { bench in
        for measurement in try Texbench.measurements.map({ try $0.parse([]) }) {
          do { try bench.measure(measurement) } catch {
            bench.leaveOut("what is missing of it", because: "\(error)")
          }
        }
      }
    }
  }
}

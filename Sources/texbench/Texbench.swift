internal import ArgumentParser

@main
struct Texbench: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "texbench", abstract: "Ratios, each measured within one run.",
    subcommands: measurements + [All.self])

  /// A new measurement is a file, and its name here.
  static let measurements: [any ParsableCommand.Type] = [Copies.self, Merge.self, Pool.self]
}

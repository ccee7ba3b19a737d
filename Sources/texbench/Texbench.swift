internal import ArgumentParser

@main
struct Texbench: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "texbench", abstract: "Ratios, each measured within one run.",
    subcommands: [Copies.self, Merge.self, Pool.self])
}
